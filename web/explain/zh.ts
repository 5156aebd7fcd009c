/** The explanation in Chinese (simplified). */
import type { en } from "./en.ts";
import { rich } from "./rich.ts";

export const zh: typeof en = {
  title: "不等式的推导，逐步附实测数值",
  introduction:
    "每一步都附上本页正在运行的网络中某一个样本的数值，由同一个引擎当场测得，并经过完整核验。恒等式的分量随机抽取；舍入误差的允许范围由推导得出，而非经验调试。",
  sample: "样本",
  layer: "层 t",
  measuring: "正在测量……",
  measured: (sample, samples, head, kind, precision) =>
    `样本 ${String(sample)}（共 ${samples} 个），f = ${head}，引擎 ${kind}，精度 ${precision}。`,

  setting: {
    title: "1. 网络",
    before: rich`考虑 ${"l"} 层的全连接网络，${"f"} 是其输出 ${"output"} 的任意标量函数。`,
    middle: rich`推导只用到三个导数：雅可比矩阵 ${"J"} 回溯到输入，伴随量 ${"delta"} 通向 ${"f"}；当 ${"g"} 逐分量作用时，${"D"} 是对角矩阵。`,
    caption: "本样本在各层的数值",
  },
  chain: {
    title: "2. 链式法则",
    before: rich`向前看，每个雅可比矩阵由前一层得到；向后看，每个伴随量由后一层得到。`,
    middle: rich`无论在哪一层会合，两者之积都是同一个输入梯度：`,
    caption: (column) =>
      `∇ₓf 的第 ${String(column)} 个分量：反向传播的结果，以及在各层由 δ、W、J 重新合成的结果（均除以 ‖∇ₓf‖）`,
  },
  outer: {
    title: "3. 权重的梯度是外积",
    before: rich`权重 ${"Wki"} 只影响 ${"zk"}，影响的系数就是 ${"hi"}。因此`,
    middle: rich`而这个矩阵的范数等于两个向量的范数之积：`,
    caption: (layer) => `第 ${String(layer)} 层的范数`,
  },
  identity: {
    title: "4. 矩阵恒等式",
    before: rich`在链式法则两边左乘 ${"h"}，权重的梯度便自然出现：`,
    caption: (layer) => `第 ${String(layer)} 层恒等式两端的 (i, j) 分量（均除以 ‖h‖ ‖∇ₓf‖）`,
    why: "不需要除法",
    division: rich`原文在推导途中除以了 ${"h"} 的分量，这要求该分量不为 0，而 ReLU 恰恰会让许多分量精确等于 0。改用外积来写则无需任何除法，于是恒等式对任意 ${"h"}（包括输入 ${"x"} 本身）都成立。`,
    zeros: (zeros, entries, layer) =>
      `在这个样本中，第 ${String(layer)} 层的 h 共有 ${String(entries)} 个分量，其中 ${String(zeros)} 个精确等于 0。`,
  },
  contraction: {
    title: "5. 缩并",
    before: rich`再左乘 ${"hT"}，矩阵恒等式就化为向量恒等式：`,
    caption: (layer) => `第 ${String(layer)} 层恒等式两端的第 j 个分量（均除以 ‖h‖² ‖∇ₓf‖）`,
  },
  norms: {
    title: "6. 取范数",
    before: rich`乘积的范数不超过范数的乘积，${"W"} 与 ${"J"} 取谱范数或 F 范数皆可：`,
    middle: rich`平方并移项，得`,
    caption: (layer) => `第 ${String(layer)} 层的各个因子，以及 ‖J‖ 的已证区间`,
    interval: "已证区间",
  },
  bias: {
    title: "7. 偏置",
    before: rich`偏置 ${"b"} 的梯度就是伴随量本身，所以链式法则直接就是它的恒等式：`,
    middle: rich`相应的不等式只需把 ${"h"} 的范数换成 1：`,
    caption: (layer) => `第 ${String(layer)} 层恒等式两端的第 j 个分量（均除以 ‖∇ₓf‖）`,
  },
  free: {
    title: "8. 一层只由一个数决定",
    before: rich`以上两式其实是同一件事；实际检验的是不含除法的形式：`,
    trivial: rich`若 ${"W0"}、${"J0"}（整层 ReLU 都不激活）或 ${"delta0"}，则右端为 0，输入梯度也为 0：此时不等式平凡成立，该层的项计为 0。一层离等号有多近，可用一个数来衡量，称为紧度，它又分成两个因子：`,
    parts: rich`${"alpha"} 刻画 ${"W"} 处的对齐程度：当伴随量落在 ${"W"} 的最大左奇异向量方向上时，它等于 1；${"beta"} 对 ${"J"} 而言含义相同。只要多算一次方向导数，还能得到更强的不等式：`,
    caption: "各层的紧度、已证区间、两个因子，以及更强不等式所给出的紧度",
    directional: "沿方向",
  },
  sum: {
    title: "9. 各层求和",
    before: rich`把两种形式对所有层相加，便是所要的定理；其中对各层求和的因子，就是两种惩罚之间的系数。`,
    middle: rich`左端与右端之比是各层紧度平方的加权平均。它与 1 的差距，来自各层的 ${"W"} 处或 ${"J"} 处的损失：`,
    caption: "本样本",
    losses: "各层损失占右端的份额",
    coefficient: "系数",
  },
  bracket: {
    title: "10. 系数有多大？",
    before: rich`系数决定了参数梯度惩罚对输入梯度惩罚的约束强度。据原文所述，论文的论证以初始化时权重接近 0 为前提。原文对此提出异议：在常用的初始化下，${"normW"} 远非接近 0：正交初始化时等于 1，Glorot 与 He 初始化时大于 1，常见宽度下无一例外。`,
    drawn: (widths) => `当场生成并测量的 ReLU 网络 ${widths}：样本 0 的各范数，以及 100 个样本的系数`,
    initialiser: "权重初始化",
    weightNorms: "第 1 … l 层的 ‖W‖",
    jacobianNorms: "第 1 … l 层的 ‖J‖",
    median: "系数的中位数",
    measure: (name) => `正在测量 ${name}……`,
  },
  limits: {
    title: "11. 适用范围",
    covered: "同样的推导也适用于",
    coveredItems: [
      rich`任意可微的 ${"g"}：对于 softmax、LayerNorm 或 maxout，${"D"} 是一般的矩阵，每一步都不变；`,
      rich`不可导点处导数的任何取法（${"slopes"}）：推导只用到代数运算，与导数的取值无关；`,
      rich`F 范数，或任何相容的算子范数。`,
    ],
    not: "但对下列情形，不等式本身并不成立：",
    notItems: [
      rich`权重共享，例如卷积：把各位置的权重视为独立时，各自的梯度满足不等式，但它们之和未必满足；`,
      rich`残差块：只有残差分支的梯度满足不等式；`,
      rich`BatchNorm：它使同一批次内的样本相互关联；`,
      rich`批次平均损失的梯度。这里的结论都是逐样本的：范数的平方可以对批次求和，梯度则不可以。`,
    ],
    reading: "不等式既然是定理，判定所检验的便是计算本身：在计入舍入误差之后，这些数值是否为不等式所允许。",
  },
  sources: {
    title: "出处",
    blog: "苏剑林，《输入梯度惩罚与参数梯度惩罚的一个不等式》，2021",
    paper: "Dherin, Munn, Barrett, The Geometric Occam's Razor Implicit in Deep Learning, 2021",
  },
  columns: {
    layer: "层",
    shape: "尺寸",
    zeros: "h 中零的个数",
    verdict: "判定",
    row: "i",
    column: "j",
    leftSide: "左端",
    rightSide: "右端",
    apart: "相差",
    allowed: "舍入允许",
    interval: "κ，已证区间",
    ratio: "左端 / 右端",
    atW: "W 处",
    atJ: "J 处",
  },
};
