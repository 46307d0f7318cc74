const Flashphoner = require("offhook/flashphoner.js");
const { callEcho } = require("../echo.js");

Flashphoner.init();
callEcho(Flashphoner.createSession);
