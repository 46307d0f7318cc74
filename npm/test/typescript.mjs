// Lets node run the tests and the sources as they are: TypeScript, stripped by esbuild on the way in.
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
