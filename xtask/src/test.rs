//! `cargo xtask test`: every check that continuous integration runs.

use std::path::PathBuf;
use std::process::Command;

use crate::build::{self, checked};
use crate::error::Failure;
use crate::fuzz;
use crate::lint;
use crate::process;
use crate::setup::{Need, ToolName, python};
use crate::step::Step;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Building comes first because types and end-to-end tests need its output, cheap verdicts before dear ones.
pub(crate) fn steps() -> Vec<Step> {
    let build = [build::WASM, build::NPM, build::DEMO_PHONE];
    build.into_iter().chain(lint::STEPS).chain(STEPS).collect()
}

const STEPS: [Step; 18] = [
    Step {
        name: "compile",
        about: "compile the relay and every Rust test, once",
        needs: &[Need::Builders],
        run: |workspace| checked(process::run(workspace.cargo("build").args(["--workspace", "--bins", "--tests"]))),
    },
    Step {
        name: "rust",
        about: "the tests of the Rust workspace",
        needs: &[Need::Builders],
        run: |workspace| tests(workspace.cargo("test").args(["--workspace", "--no-fail-fast"])),
    },
    Step {
        name: "quality",
        about: "speech from every codec to every other, scored against the reference codecs alone",
        needs: &[Need::Builders, Need::Peers, Need::References, Need::Scorer],
        run: quality,
    },
    Step {
        name: "fuzz",
        about: "whatever reaches the relay from outside, mutated for a minute at each door",
        needs: &[Need::Builders, Need::Tool(ToolName::CargoFuzz)],
        run: fuzz::run,
    },
    Step {
        name: "wasm-drivers",
        about: "the SDK's drivers in a headless browser",
        needs: &[Need::WasmTarget, Need::Tool(ToolName::WasmBindgen), Need::Tool(ToolName::WasmPack), Need::Peers],
        run: |workspace| tests(&mut wasm_pack(workspace)),
    },
    Step {
        name: "npm-unit",
        about: "the npm package's own tests",
        needs: &[Need::NodePackages],
        run: |workspace| tests(&mut npm_test(workspace, "npm", "test")),
    },
    Step {
        name: "phone-unit",
        about: "the demo phone's own tests",
        needs: &[Need::NodePackages],
        run: |workspace| tests(&mut npm_test(workspace, "demo-phone", "test")),
    },
    Step {
        name: "package",
        about: "the packed tarball: publint, types for every consumer, size budget",
        needs: &[Need::NodePackages],
        run: package,
    },
    Step {
        name: "api",
        about: "the SDK's types are as the committed report says, and all of them documented",
        needs: &[Need::NodePackages],
        run: api,
    },
    Step {
        name: "e2e",
        about: "a real browser and real SIP peers through the relay",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| tests(&mut npm_test(workspace, "tests", "test")),
    },
    Step {
        name: "sip",
        about: "SIP as the field speaks it: SIPp, softphones, proxies and SIP clients in browsers through the relay",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| tests(&mut npm_test(workspace, "tests", "test:sip")),
    },
    Step {
        name: "spec",
        about: "every name and option of the original's API, in a page with the drop-in script",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| tests(&mut npm_test(workspace, "tests", "test:spec")),
    },
    Step {
        name: "examples",
        about: "the original's own example pages, fetched from npm, with our script in place of theirs",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| tests(&mut npm_test(workspace, "tests", "test:examples")),
    },
    Step {
        name: "consumers",
        about: "the packed tarball in bundlers and frameworks, and under a Content-Security-Policy",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| tests(&mut npm_test(workspace, "tests", "test:consumers")),
    },
    Step {
        name: "firefox",
        about: "calls from Firefox to a SIP phone and to Chromium",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| tests(&mut npm_test(workspace, "tests", "test:firefox")),
    },
    Step {
        name: "network",
        about: "lost sockets, changed networks, reloaded pages, a relay started again",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| tests(&mut npm_test(workspace, "tests", "test:network")),
    },
    Step {
        name: "leak",
        about: "a thousand sessions and calls leave a page's memory as it was",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| tests(&mut npm_test(workspace, "tests", "test:leak")),
    },
    Step {
        name: "soak",
        about: "calls with media that come and go for a minute: every packet arrives, nothing is left behind",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| checked(process::run(&mut npm_test(workspace, "tests", "test:soak"))),
    },
];

fn tests(command: &mut Command) -> Result<Tally, Failure> {
    process::run_tests(command, process::TEST_LIMIT)
}

fn quality(workspace: &Workspace) -> Result<Tally, Failure> {
    process::run(workspace.cargo("build").args(["--package", "offhook-media", "--example", "speech"]))?;
    let mut python = workspace.command("python3");
    python.arg("tests/quality/measure.py").arg(workspace.target().join("debug/examples/speech"));
    python.arg(workspace.target().join("quality")).env("PYTHONPATH", python::folder(workspace));
    checked(process::run(&mut python))
}

fn wasm_pack(workspace: &Workspace) -> Command {
    let mut command = workspace.command("wasm-pack");
    command.args(["test", "--headless", "--chrome", "--mode", "no-install", "--chromedriver"]);
    command.arg(workspace.find("chromedriver").unwrap_or_else(|| PathBuf::from("chromedriver")));
    command.args(["sdk-wasm", "--locked"]);
    command
}

fn npm_test(workspace: &Workspace, package: &str, script: &str) -> Command {
    let mut command = workspace.command("npm");
    command.args(["run", "--silent", script, "--workspace", package]);
    command.env("OFFHOOK_RELAY_BIN", workspace.target().join("debug/offhook-relay"));
    command.env("OFFHOOK_LOAD_BIN", workspace.target().join("debug/offhook-load"));
    for (variable, browser) in [("OFFHOOK_CHROMIUM", "chromium"), ("OFFHOOK_FIREFOX", "firefox-esr")] {
        if let Some(found) = workspace.find(browser) {
            command.env(variable, found);
        }
    }
    command
}

fn package(workspace: &Workspace) -> Result<Tally, Failure> {
    build::npm(workspace, "check:package", "npm")?;
    checked(build::npm(workspace, "size", "npm"))
}

/// The report shows a change of the API in its review; the reference is built to see that nothing lacks its words.
fn api(workspace: &Workspace) -> Result<Tally, Failure> {
    build::npm(workspace, "api", "npm")?;
    checked(build::npm(workspace, "docs", "npm"))
}
