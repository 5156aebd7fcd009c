/** The four questions that a run answers, each in a glance: does it hold, where is it tight, which layer is to blame, is it fast. */
import type { Interim, Progress, Report, VerdictName } from "../../src/worker/client.ts";
import { significant } from "../../src/report/numbers.ts";
import { element, make } from "../dom.ts";
import type { Text } from "../i18n/language.ts";
import { grouped, put } from "../i18n/language.ts";
import { percent } from "../plots/layers.ts";
import { checkName } from "./tables.ts";

export interface Answers {
  readonly clear: () => void;
  /** While a run is under way: counts and speed. */
  readonly progress: (progress: Progress) => void;
  /** What the samples so far amount to. */
  readonly interim: (interim: Interim, isOver: boolean) => void;
}

const QUESTIONS = ["holds", "tight", "layer", "fast"] as const;
const VERDICTS = ["holds", "tight", "violated", "unresolved", "invalid"] as const satisfies readonly VerdictName[];

export function createAnswers(): Answers {
  const section = element("answers", HTMLElement);
  const counts = element("verdicts", HTMLElement);
  const cards = QUESTIONS.map((question) => {
    const [answer, detail] = [make("p", "answer"), make("p", "detail")];
    const card = make(
      "div",
      `card ${question}`,
      put(make("h2"), (m) => m.answers[question]),
      answer,
      detail,
    );
    section.append(card);
    return { card, answer, detail };
  });
  const numbers = VERDICTS.map((name) => {
    const number = make("b");
    const meaning = put(make("span"), (m) => `${m.verdict[name]}${m.page.colon}${m.meaning[name]}`);
    counts.append(make("div", `verdict ${name}`, number, " ", meaning));
    return number;
  });
  const say = (question: (typeof QUESTIONS)[number], answer: Text, detail: Text, tone = ""): void => {
    const card = cards[QUESTIONS.indexOf(question)];
    if (card === undefined) return;
    put(card.answer, answer);
    put(card.detail, detail);
    card.card.dataset["tone"] = tone;
  };
  const showCounts = (verdicts: Report["verdicts"]): void => {
    VERDICTS.forEach((name, i) => {
      const number = numbers[i];
      if (number === undefined) return;
      number.textContent = grouped(verdicts[name]);
      number.parentElement?.classList.toggle("none", verdicts[name] === 0);
    });
  };
  const speed = (perSecond: number): void =>
    say(
      "fast",
      (m) => m.answers.perSecond(grouped(Math.round(perSecond))),
      (m) => m.answers.perSecondDetail,
    );

  return {
    clear() {
      for (const question of QUESTIONS) say(question, "…", "");
      for (const number of numbers) number.textContent = "0";
    },
    progress({ done, elapsedMs, verdicts }) {
      showCounts(verdicts);
      const { answer, detail, tone } = held(verdicts, done, false);
      say("holds", answer, detail, tone);
      if (elapsedMs > 0) speed((1000 * done) / elapsedMs);
    },
    interim({ report, tightest }, isOver) {
      showCounts(report.verdicts);
      const { answer, detail, tone } = held(report.verdicts, report.samples, isOver);
      say("holds", answer, detail, tone);
      const { max, median } = report.ratio;
      const [first] = tightest;
      say(
        "tight",
        (m) => m.answers.ratio(significant(max)),
        (m) => m.answers.ratioDetail(significant(median), first === undefined ? null : String(first.index)),
      );
      const blame = blamed(report);
      say("layer", blame.answer, blame.detail, blame.tone);
      if (report.timing.samplesPerSecond !== null) speed(report.timing.samplesPerSecond);
    },
  };
}

interface Answer {
  readonly answer: Text;
  readonly detail: Text;
  readonly tone: string;
}

function held(verdicts: Report["verdicts"], samples: number, isOver: boolean): Answer {
  const all = grouped(samples);
  if (verdicts.violated > 0) {
    const violated = grouped(verdicts.violated);
    return { answer: (m) => m.answers.no, detail: (m) => m.answers.noDetail(violated, all), tone: "bad" };
  }
  const open = verdicts.unresolved + verdicts.invalid;
  if (open > 0) {
    return {
      answer: (m) => m.answers.partly,
      detail: (m) => m.answers.partlyDetail(grouped(samples - open), grouped(open)),
      tone: "open",
    };
  }
  if (samples === 0) return { answer: "…", detail: "", tone: "" };
  return {
    answer: (m) => (isOver ? m.answers.yes : m.answers.soFar),
    detail: (m) => m.answers.yesDetail(all),
    tone: "holds",
  };
}

/** Where checks failed: the layer that they name most often. Else the layer that loses most of the right side. */
function blamed({ faults, layers }: Report): Answer {
  const [fault] = faults.filter(({ check }) => check !== "inequality");
  if (fault !== undefined) {
    const { check, layer, count } = fault;
    return {
      answer: (m) => (layer === 0 ? m.answers.network : m.layers.name(layer)),
      detail: (m) => m.answers.fault(checkName(m.check, check), grouped(count)),
      tone: "bad",
    };
  }
  const losses = layers.map(({ layer, slackWeight, slackJacobian }) => {
    const [weight, jacobian] = [slackWeight.median ?? 0, slackJacobian.median ?? 0];
    return { layer, loss: weight + jacobian, place: weight > jacobian ? ("W" as const) : ("J" as const) };
  });
  const [most] = losses.sort((a, b) => b.loss - a.loss);
  if (most === undefined) return { answer: "–", detail: "", tone: "" };
  return {
    answer: (m) => m.layers.name(most.layer),
    detail: (m) => m.answers.loses(percent(most.loss), most.place),
    tone: "",
  };
}
