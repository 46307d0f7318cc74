//! What holds for any message and any bytes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "everything here is test code")]

use bytes::Bytes;
use offhook_sip::digest::{Authorization, Challenge};
use offhook_sip::message::{
    CallId, Capabilities, Contact, Frame, HeaderName, Host, HostPort, Limits, Message, Method, NameAddr, Request,
    Response, SipUri, StatusCode, StreamReader, Transport, Uri, Via,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const OURS: Capabilities<'static> = Capabilities {
    methods: &[Method::Invite, Method::Bye],
    extensions: &["timer"],
    schemes: &["sip"],
    content_types: &["application/sdp"],
    max_body: 1000,
};

fn parse(bytes: impl Into<Bytes>) -> Option<Message> {
    Message::parse_datagram(bytes.into(), &Limits::default()).ok()
}

/// Reads everything that can be read.
fn read_all(message: &Message) {
    let headers = message.headers();
    headers.vias().for_each(drop);
    headers.contacts().for_each(drop);
    headers.routes().for_each(drop);
    headers.record_routes().for_each(drop);
    let _ = (headers.from(), headers.to(), headers.call_id(), headers.cseq());
    let _ = (headers.max_forwards(), headers.content_length(), headers.content_type());
    let _ = (headers.expires(), headers.min_expires());
    for header in headers {
        Challenge::parse_all(header.value()).into_iter().for_each(drop);
        drop(Authorization::parse(header.value()));
        drop(header.text());
    }
    drop(format!("{message:?}"));
    match message {
        Message::Request(request) => {
            if let Err(rejection) = request.check(&OURS) {
                drop(rejection.reply(request, "tag"));
            }
            drop(Response::reply(request, StatusCode::OK).to_tag("tag").build());
        }
        Message::Response(response) => drop(response.check()),
    }
}

/// Bytes that look like SIP here and there, so that more than the first line is reached.
fn sip_like() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just("INVITE sip:a@b SIP/2.0\r\n"),
        Just("SIP/2.0 200 OK\r\n"),
        Just("Via: SIP/2.0/UDP [::1]:5;branch=z"),
        Just("From: \"a\\\"\" <sip:a@b>;tag=c"),
        Just("To: <"),
        Just("Contact: *"),
        Just("CSeq: 1 INVITE"),
        Just("Content-Length: 3"),
        Just("WWW-Authenticate: Digest realm=\"r\", nonce=n"),
        Just("\r\n"),
        Just("\r\n\r\n"),
        Just("\n "),
        Just("sip:a:b@c;d=e?f=g%20"),
        Just(", "),
        Just(";"),
    ];
    let piece = prop_oneof![
        3 => pieces.prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..6),
    ];
    vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,12}"
}

fn host_port() -> impl Strategy<Value = HostPort> {
    let host = prop_oneof![
        "[a-z][a-z0-9-]{0,8}(\\.[a-z]{2,4})?".prop_map(Host::Name),
        any::<std::net::Ipv4Addr>().prop_map(|address| Host::Ip(address.into())),
        any::<std::net::Ipv6Addr>().prop_map(|address| Host::Ip(address.into())),
    ];
    (host, option::of(1..=u16::MAX)).prop_map(|(host, port)| HostPort::new(host, port))
}

/// A user part may be any text, and so may the value of a parameter.
fn uri() -> impl Strategy<Value = Uri> {
    let parts = (host_port(), option::of("\\PC{1,8}"), vec((token(), option::of("\\PC{0,6}")), 0..3));
    parts.prop_map(|(host_port, user, params)| {
        let mut uri = SipUri::new(host_port);
        if let Some(user) = user {
            uri = uri.with_user(&user);
        }
        for (name, value) in params {
            uri = uri.with_param(&name, value.as_deref());
        }
        uri.into()
    })
}

/// A display name may be any text, and so may the value of a parameter.
fn addr() -> impl Strategy<Value = NameAddr> {
    let parts = (uri(), option::of(any::<String>()), token(), option::of("[^\r\n\u{0}]{0,8}"));
    parts.prop_map(|(uri, name, tag, value)| {
        let mut addr = NameAddr::new(uri).with_tag(&tag).unwrap();
        if let Some(name) = name {
            addr = addr.with_display_name(&name);
        }
        addr.params.set("x", value.as_deref()).unwrap();
        addr
    })
}

fn request() -> impl Strategy<Value = Request> {
    let method = prop_oneof![Just(Method::Invite), token().prop_map(|name| Method::parse(name.as_bytes()).unwrap())];
    let via = (host_port(), token()).prop_map(|(sent_by, branch)| Via::new(Transport::Udp, sent_by, &branch).unwrap());
    let parts = (
        method,
        uri(),
        vec(via, 1..4),
        (addr(), addr(), vec(addr(), 0..3)),
        (token(), 0..1_u32 << 31),
        option::of("[^\r\n\u{0}]{0,40}"),
        vec(any::<u8>(), 0..50),
    );
    parts.prop_map(|(method, uri, vias, (from, to, contacts), (call_id, number), subject, body)| {
        let mut builder =
            Request::builder(method, uri).from(&from).to(&to).call_id(&CallId::new(&call_id).unwrap()).cseq(number);
        builder = vias.iter().fold(builder, |builder, via| builder.via(via));
        builder = contacts.iter().fold(builder, |builder, contact| builder.contact(contact));
        if let Some(subject) = subject {
            builder = builder.header(HeaderName::Subject, subject);
        }
        builder.body("application/octet-stream", body).build().unwrap()
    })
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in vec(any::<u8>(), 0..400)) {
        if let Some(message) = parse(bytes) {
            read_all(&message);
        }
    }

    #[test]
    fn no_bytes_that_look_like_sip_make_it_panic(bytes in sip_like()) {
        if let Some(message) = parse(bytes) {
            read_all(&message);
        }
    }

    #[test]
    fn what_was_read_is_written_so_that_it_reads_the_same(bytes in sip_like()) {
        if let Some(message) = parse(bytes) {
            prop_assert_eq!(parse(message.to_bytes()), Some(message));
        }
    }

    #[test]
    fn what_was_built_is_read_as_it_was_meant(request in request()) {
        let read = parse(request.to_bytes());
        prop_assert_eq!(read, Some(Message::Request(request)));
    }

    #[test]
    fn an_address_is_read_as_it_was_written(addr in addr()) {
        let written = addr.to_string();
        prop_assert_eq!(NameAddr::parse(written.as_bytes()), Ok(addr.clone()));
        prop_assert_eq!(Contact::parse(written.as_bytes()), Ok(Contact::Addr(addr)));
    }

    #[test]
    fn a_uri_matches_itself_written_and_read(uri in uri()) {
        let read: Uri = uri.to_string().parse().unwrap();
        prop_assert!(uri.matches(&read) && read == uri);
    }

    #[test]
    fn no_text_in_a_header_makes_another_header(text in any::<String>()) {
        let mut request = match parse("BYE sip:a@b SIP/2.0\r\n\r\n") {
            Some(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        };
        if request.headers_mut().push(HeaderName::Subject, &text).is_ok() {
            let read = parse(request.to_bytes()).unwrap();
            prop_assert_eq!(read.headers().len(), 1);
            prop_assert_eq!(read.body().len(), 0);
        }
    }

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_messages(
        requests in vec(request(), 1..4),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let stream: Vec<u8> = requests.iter().flat_map(|one| one.to_bytes().to_vec()).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let mut reader = StreamReader::new(Limits::default());
        let mut messages = Vec::new();
        for piece in cuts.windows(2) {
            reader.push(&stream[piece[0]..piece[1]]);
            while let Some(frame) = reader.next_frame().unwrap() {
                messages.push(frame);
            }
        }
        let expected: Vec<Frame> = requests
            .into_iter()
            .map(|request| Frame::Message(request.into()))
            .collect();
        prop_assert_eq!(messages, expected);
    }

    #[test]
    fn no_stream_makes_the_reader_panic(pieces in vec(sip_like(), 1..5)) {
        let mut reader = StreamReader::new(Limits { max_head: 200, max_headers: 8, max_body: 50 });
        for piece in pieces {
            reader.push(&piece);
            while let Ok(Some(frame)) = reader.next_frame() {
                if let Frame::Message(message) = frame {
                    read_all(&message);
                }
            }
        }
    }
}
