import { createSession } from "offhook";
import { callEcho } from "../echo.js";

callEcho(createSession);
