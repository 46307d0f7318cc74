//! The torture messages of RFC 4475 and RFC 5118, sent to a relay over UDP: what comes back, if anything does, and that
//! the relay serves the next who asks. How they are read is tested with the parser (`relay/sip/tests/torture`).
//!
//! With the environment variable `SIP_TORTURE_DIR` naming a directory that holds `rfc4475/` and `rfc5118/`, the
//! messages of the RFCs run. Without it the project's own messages run, written from the description of each section.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

#[path = "../../../relay/sip/tests/torture/draft.rs"]
mod draft;
#[path = "../../../relay/sip/tests/torture/own_4475.rs"]
mod own_4475;
#[path = "../../../relay/sip/tests/torture/own_5118.rs"]
mod own_5118;
mod phone;
mod rfc4475;
mod rfc5118;

use std::collections::BTreeSet;
use std::path::PathBuf;

use offhook_protocol::Secret;
use offhook_relay::config::Users;
use offhook_tests::Bench;

/// What a message gets from the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// A final answer with this status.
    Answered(u16),
    /// Its sender is asked for the user's password, and with that the user is reached at the Contacts that it names.
    Registered,
    /// No word.
    Silence,
}

/// Those whom the messages call or register. None is connected: a call for one of them is answered with 480, which shows
/// that its Request-URI was understood, where a stranger's is answered with 404. Two have a name that another one's
/// begins with, were it read up to its NUL.
const USERS: [&str; 8] = ["user", "vivekg", "UserB", "omar", "j.user", "watson", "null-", "a"];

/// What each of them registers with.
const PASSWORD: &str = "correct horse";

/// The hosts whose registrar the relay is: those which the REGISTERs of the RFCs, and ours, are for.
const DOMAINS: [&str; 4] = ["example.com", "[2001:db8::10]", "shop.example", "[2001:db8:9::7]"];

/// A relay of a message's own: many of them name the same transaction, and would be taken for repetitions.
fn bench(listen: &str) -> Bench {
    Bench::with(|config| {
        config.sip.udp = vec![listen.parse().unwrap()];
        config.users = Users::Named(USERS.map(|name| (name.to_owned(), Some(Secret::new(PASSWORD)))).into());
        config.registrar.domains = DOMAINS.map(str::to_owned).into();
    })
}

/// Where the RFCs' own messages are, when they are there.
fn directory(rfc: &str) -> Option<PathBuf> {
    std::env::var_os("SIP_TORTURE_DIR").map(|root| PathBuf::from(root).join(rfc))
}

/// The message of a section: the RFC's own, or ours.
fn bytes(rfc: &str, file: &str, own: fn() -> Vec<u8>) -> Vec<u8> {
    match directory(rfc) {
        Some(directory) => {
            let path = directory.join(file);
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        }
        None => own(),
    }
}

/// A message without its Content-Length: the rest of the datagram is the body then.
fn without_length(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let kept: Vec<&str> = text.split("\r\n").filter(|line| !line.starts_with("Content-Length")).collect();
    kept.join("\r\n").into_bytes()
}

/// Sends a message, and compares what becomes of it with what should.
fn check(bench: &Bench, message: &[u8], section: &str, expected: Fate) {
    // Some copies of this message had their line ends changed without their Content-Length.
    let message = if section == "4.6" { without_length(message) } else { message.to_vec() };
    if expected == Fate::Registered {
        return phone::registers(bench, &message, section);
    }
    let answers = bench.answers_to(&message);
    let fate = final_status(&answers).map_or(Fate::Silence, Fate::Answered);
    assert_eq!(fate, expected, "section {section}; what came back: {answers:#?}");
}

/// The status of the final answer among these.
fn final_status(answers: &[String]) -> Option<u16> {
    let status = |answer: &String| answer.get("SIP/2.0 ".len()..)?.get(..3)?.parse::<u16>().ok();
    answers.iter().filter_map(status).find(|status| *status >= 200)
}

/// One test a message, named after it.
macro_rules! messages {
    ($rfc:literal, $own:ident, $listen:literal, $($name:ident $file:literal $section:literal $fate:expr;)*) => {
        /// Every message that is sent.
        pub(crate) const NAMES: &[&str] = &[$($file),*];

        $(
            #[test]
            fn $name() {
                let message = crate::bytes($rfc, $file, crate::$own::$name);
                crate::check(&crate::bench($listen), &message, $section, $fate);
            }
        )*
    };
}
pub(crate) use messages;

#[test]
fn every_message_is_sent() {
    for (rfc, names, count) in [("rfc4475", rfc4475::NAMES, 49), ("rfc5118", rfc5118::NAMES, 12)] {
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), count, "{rfc}");
        let Some(directory) = directory(rfc) else { continue };
        for entry in std::fs::read_dir(&directory).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(names.iter().any(|sent| name == **sent), "{rfc}/{} is not sent", name.display());
        }
    }
}
