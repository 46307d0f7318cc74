/* global Offhook */
import { callEcho } from "./echo.js";

callEcho(Offhook.createSession);
