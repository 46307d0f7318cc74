//! Programs from Debian's archive: what the relay is built with, and what the end-to-end tests talk to.

use std::ffi::OsStr;
use std::path::Path;

use crate::error::Error;
use crate::process;
use crate::workspace::Workspace;

/// A program the project starts, and the Debian package it comes in.
pub(super) struct Peer {
    program: &'static str,
    package: &'static str,
    job: &'static str,
}

/// What builds the C sources that come with crates.
pub(super) const BUILDERS: [Peer; 2] = [
    Peer { program: "cmake", package: "cmake", job: "builds libopus" },
    Peer { program: LIBCLANG, package: "libclang-dev", job: "reads libspeex's header" },
];

/// What speech is coded with to compare the relay with, and what brings the package that scores it.
pub(super) const REFERENCES: [Peer; 5] = [
    Peer { program: "/usr/lib/x86_64-linux-gnu/libopus.so.0", package: "libopus0", job: "codes Opus" },
    Peer { program: "/usr/lib/x86_64-linux-gnu/libspeex.so.1", package: "libspeex1", job: "codes Speex" },
    Peer { program: "/usr/lib/x86_64-linux-gnu/libspandsp.so.2", package: "libspandsp2", job: "codes G.711 and G.722" },
    Peer { program: "/usr/lib/x86_64-linux-gnu/libbcg729.so.0", package: "libbcg729-0", job: "codes G.729" },
    Peer { program: "pip3", package: "python3-pip", job: "installs what scores speech" },
];

/// A library, of whatever version: found by its path, as the crate that needs it does.
const LIBCLANG: &str = "/usr/lib/llvm-*/lib/libclang.so.1";
const KAMAILIO_TLS: &str = "/usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so";

/// What the end-to-end tests talk to.
pub(super) const PEERS: [Peer; 18] = [
    Peer { program: "chromium", package: "chromium", job: "the browser" },
    Peer { program: "firefox-esr", package: "firefox-esr", job: "the other browser" },
    Peer { program: "chromedriver", package: "chromium-driver", job: "runs wasm tests in the browser" },
    Peer { program: "sipp", package: "sip-tester", job: "SIPp, scripted SIP endpoints" },
    Peer { program: "baresip", package: "baresip-core", job: "a SIP phone" },
    Peer { program: "linphonec", package: "linphone-cli", job: "a SIP phone with G.729" },
    Peer { program: "kamailio", package: "kamailio", job: "a SIP registrar and proxy" },
    Peer { program: "dnsmasq", package: "dnsmasq-base", job: "a DNS server" },
    // A module that Kamailio loads: found by its path, as Kamailio does.
    Peer { program: KAMAILIO_TLS, package: "kamailio-tls-modules", job: "its TLS" },
    Peer { program: "tshark", package: "tshark", job: "reads the relay's captures" },
    Peer { program: "turnserver", package: "coturn", job: "a TURN server" },
    Peer { program: "tcpdump", package: "tcpdump", job: "sees packets with the kernel's clock, for benchmarks" },
    Peer { program: "ip", package: "iproute2", job: "makes networks that can be cut" },
    Peer { program: "nft", package: "nftables", job: "makes walls in them" },
    Peer { program: "ffmpeg", package: "ffmpeg", job: "films, watches films, and decodes G.729" },
    Peer { program: "espeak-ng", package: "espeak-ng", job: "makes speech" },
    Peer { program: "sox", package: "sox", job: "converts sound" },
    Peer { program: "multimon-ng", package: "multimon-ng", job: "hears keys in sound" },
];

/// The Debian packages whose programs are not found.
pub(super) fn missing(workspace: &Workspace, programs: &'static [Peer]) -> Vec<&'static str> {
    lacking(programs, |program| is_there(workspace, program)).map(|peer| peer.package).collect()
}

/// Installs what is missing on Debian as root; elsewhere says what to install.
pub(super) fn install(workspace: &Workspace, programs: &'static [Peer]) -> Result<(), Error> {
    let packages = missing(workspace, programs);
    if !is_debian() || !is_root(workspace) {
        return Err(Error::Missing(instructions(lacking(programs, |program| workspace.find(program).is_some()))));
    }
    let apt = || {
        let mut command = workspace.command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    process::run(apt().args(["update", "--quiet=2"]))?;
    process::run(apt().args(["install", "--yes", "--quiet=2", "--no-install-recommends"]).args(packages))
}

fn lacking(programs: &'static [Peer], is_found: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static Peer> {
    programs.iter().filter(move |peer| !is_found(peer.program))
}

/// Whether there is a program of that name, or a file where a `*` stands for the end of a folder's name.
fn is_there(workspace: &Workspace, program: &str) -> bool {
    let Some((begin, end)) = program.split_once('*') else { return workspace.find(program).is_some() };
    let begin = Path::new(begin);
    let (Some(folder), Some(name)) = (begin.parent(), begin.file_name().and_then(OsStr::to_str)) else { return false };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut fitting = entries.filter(|entry| entry.file_name().to_str().is_some_and(|entry| entry.starts_with(name)));
    fitting.any(|entry| entry.path().join(end.trim_start_matches('/')).is_file())
}

fn is_debian() -> bool {
    std::path::Path::new("/etc/debian_version").exists()
}

fn is_root(workspace: &Workspace) -> bool {
    process::read(workspace.command("id").arg("-u")).is_ok_and(|id| id == "0")
}

/// The message for a machine this tool does not install on.
fn instructions(missing: impl Iterator<Item = &'static Peer>) -> String {
    let missing: Vec<&Peer> = missing.collect();
    let mut text = String::from("these programs are needed and are not on this machine:\n");
    for peer in &missing {
        text += &format!("  {:12} {} (Debian package {})\n", peer.program, peer.job, peer.package);
    }
    let packages: Vec<&str> = missing.iter().map(|peer| peer.package).collect();
    text += "They are installed automatically only on Debian as root. On Debian or Ubuntu, run\n  ";
    text += &format!("sudo apt-get install --no-install-recommends {}\n", packages.join(" "));
    text += "Elsewhere, install them by your system's means so that they are on PATH; then run this again.";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_that_are_not_found_are_listed() {
        let missing = ["sipp", "baresip"];
        let packages: Vec<_> =
            lacking(&PEERS, |program| !missing.contains(&program)).map(|peer| peer.package).collect();
        assert_eq!(packages, ["sip-tester", "baresip-core"]);
    }

    #[test]
    fn the_instructions_hold_one_command_to_copy() {
        let text = instructions(lacking(&PEERS, |program| program != "sipp" && program != "sox"));
        assert!(text.contains("sudo apt-get install --no-install-recommends sip-tester sox\n"), "{text}");
        assert!(text.contains("SIPp, scripted SIP endpoints"), "{text}");
        assert!(!text.contains("chromium"), "{text}");
    }
}
