import { createFlashphoner } from "./compat/flashphoner.js";
import { inlineSource } from "./inline-source.js";
import { loader } from "./load.js";

// The classic script: one global, `Flashphoner`, complete as soon as the script tag has run.
export const Flashphoner = createFlashphoner(loader(inlineSource));
