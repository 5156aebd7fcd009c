/** The web worker's entry. */
import { expose } from "comlink";
import { service } from "./service.ts";

expose(service);
