/* global Flashphoner */
import { callEcho } from "./echo.js";

Flashphoner.init();
callEcho(Flashphoner.createSession);
