//! SIP messages over UDP: whatever arrives is read, judged and answered without panic, and reads the same once it is
//! written again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use offhook_sip::dialog::DialogId;
use offhook_sip::digest::{Authorization, Challenge};
use offhook_sip::message::{Capabilities, Limits, Message, Method, NameAddr, Request, Response, StatusCode, Uri};

const OURS: Capabilities<'static> = Capabilities {
    methods: &[Method::Invite, Method::Bye, Method::Options, Method::Info],
    extensions: &["timer"],
    schemes: &["sip", "sips"],
    content_types: &["application/sdp"],
    max_body: 4096,
};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let Ok(message) = Message::parse_datagram(Bytes::copy_from_slice(data), &limits) else { return };
    assert!(message.headers().len() <= limits.max_headers);
    let written = message.to_bytes();
    // Its line ends are whole ones, so that it may be longer.
    let longer = Limits { max_head: 2 * limits.max_head, ..limits };
    assert_eq!(Message::parse_datagram(written.clone(), &longer).as_ref(), Ok(&message));
    // Bare line ends become whole ones: no line grows by more than that.
    assert!(written.len() <= data.len() + 2 * message.headers().len() + 4);
    read_all(&message);
    match &message {
        Message::Request(request) => answer(request),
        Message::Response(response) => drop((response.check(), response.reason(), DialogId::of_response(response))),
    }
});

/// Reads everything that can be read.
fn read_all(message: &Message) {
    let headers = message.headers();
    headers.vias().for_each(drop);
    headers.contacts().for_each(drop);
    headers.record_routes().for_each(drop);
    drop((headers.from(), headers.to(), headers.call_id(), headers.cseq(), headers.max_forwards()));
    drop((headers.content_length(), headers.content_type(), headers.expires(), headers.min_expires()));
    for header in headers {
        Challenge::parse_all(header.value()).into_iter().for_each(drop);
        drop((Authorization::parse(header.value()), header.text()));
        if let Ok(address) = NameAddr::parse(header.value()) {
            rewrite(&address);
        }
    }
    // What shows in a log is no longer than what came.
    assert!(format!("{message:?}").len() <= 64 * (1024 + message.to_bytes().len()));
}

/// An address is written so that it reads the same.
fn rewrite(address: &NameAddr) {
    let again = NameAddr::parse(address.to_string().as_bytes());
    assert_eq!(again.as_ref().map(|again| &again.params), Ok(&address.params));
    let again = again.map(|again| again.uri);
    assert_eq!(again.as_ref(), Ok(&address.uri));
    let uri: Uri = address.uri.clone();
    assert!(uri.matches(&uri));
}

/// A request is refused or answered, and the answer is one that its sender can read.
fn answer(request: &Request) {
    drop(DialogId::of_request(request));
    let reply = match request.check(&OURS) {
        Err(rejection) => rejection.reply(request, "tag").ok().flatten(),
        Ok(()) => {
            Some(Response::reply(request, StatusCode::OK).to_tag("tag").build().expect("a sound request is answered"))
        }
    };
    if let Some(reply) = reply {
        assert_ne!(*request.method(), Method::Ack, "an ACK is never answered, but by a test that does not ask");
        let read = Message::parse_datagram(reply.to_bytes(), &Limits::default());
        assert_eq!(read, Ok(Message::Response(reply)));
    }
}
