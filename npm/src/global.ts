// The classic script: one global, `Offhook`, complete as soon as the script tag has run.
export * from "./inline.js";
