//! The torture messages of RFC 4475 and RFC 5118, each with what its section says must happen.
//!
//! With the environment variable `SIP_TORTURE_DIR` naming a directory that holds `rfc4475/` and
//! `rfc5118/`, the messages of the RFCs run. Without it the project's own messages run, written
//! from the description of each section.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "everything here is test code")]

mod draft;
mod own_4475;
mod own_5118;
mod rfc4475;
mod rfc5118;

use std::path::PathBuf;

use bytes::Bytes;
use offhook_sip::message::{Capabilities, Limits, Message, Method, ParseError, Request, Response};

/// A user agent with registrar that knows every method of this crate and two types of body.
const OURS: Capabilities<'static> = Capabilities {
    methods: &[Method::Invite, Method::Bye, Method::Options, Method::Register, Method::Message],
    extensions: &[],
    schemes: &["sip", "sips"],
    content_types: &["application/sdp", "multipart/mixed"],
    max_body: 65_536,
};

/// Where the RFCs' own messages are, when they are there.
fn directory(rfc: &str) -> Option<PathBuf> {
    std::env::var_os("SIP_TORTURE_DIR").map(|root| PathBuf::from(root).join(rfc))
}

/// The message of a section: the RFC's own, or ours.
fn bytes(rfc: &str, file: &str, own: fn() -> Vec<u8>) -> Bytes {
    match directory(rfc) {
        Some(directory) => {
            let path = directory.join(file);
            let read = std::fs::read(&path);
            read.unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
        }
        None => own().into(),
    }
}

fn parse(bytes: Bytes) -> Result<Message, ParseError> {
    let parsed = Message::parse_datagram(bytes.clone(), &Limits::default());
    if let Ok(message) = &parsed {
        let again = Message::parse_datagram(message.to_bytes(), &Limits::default());
        assert_eq!(again.as_ref(), Ok(message), "it is written as it was read");
    }
    parsed
}

fn request(bytes: Bytes) -> Request {
    match parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

/// The request, which must be taken.
fn accepted(bytes: Bytes) -> Request {
    let request = request(bytes);
    assert_eq!(request.check(&OURS), Ok(()));
    request
}

/// The refusal, as the response that would be sent; its status must be one of these.
fn refused(bytes: Bytes, statuses: &[u16]) -> Response {
    let request = request(bytes);
    let rejection = match request.check(&OURS) {
        Ok(()) => panic!("it was taken"),
        Err(rejection) => rejection,
    };
    assert!(statuses.contains(&rejection.status.code()), "{rejection}");
    rejection.reply(&request, "our-tag").expect("the refusal can be written").expect("it is no ACK")
}

/// The response, which must be taken.
fn taken(bytes: Bytes) -> Response {
    match parse(bytes) {
        Ok(Message::Response(response)) => {
            assert_eq!(response.check(), Ok(()));
            response
        }
        other => panic!("no response: {other:?}"),
    }
}

/// A response that must be dropped.
fn dropped(bytes: Bytes) {
    match parse(bytes) {
        Err(_) => {}
        Ok(Message::Response(response)) => assert!(response.check().is_err()),
        Ok(Message::Request(_)) => panic!("it is no request"),
    }
}

/// One test a message, named after it.
macro_rules! messages {
    ($rfc:literal, $own:ident, $($name:ident $file:literal: $run:expr;)*) => {
        /// Every message that has a test.
        pub(crate) const NAMES: &[&str] = &[$($file),*];

        $(
            #[test]
            fn $name() {
                let run: fn(bytes::Bytes) = $run;
                run(crate::bytes($rfc, $file, crate::$own::$name));
            }
        )*
    };
}
pub(crate) use messages;

#[test]
fn every_message_has_a_test() {
    for (rfc, names) in [("rfc4475", rfc4475::NAMES), ("rfc5118", rfc5118::NAMES)] {
        let Some(directory) = directory(rfc) else {
            continue;
        };
        for entry in std::fs::read_dir(&directory).expect("the directory can be read") {
            let name = entry.expect("the entry can be read").file_name();
            let name = name.to_str().expect("names are ASCII");
            assert!(names.contains(&name), "{rfc}/{name} has no test");
        }
    }
    assert_eq!(rfc4475::NAMES.len(), 49);
    assert_eq!(rfc5118::NAMES.len(), 12);
}
