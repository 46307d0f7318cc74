//! Headers that apps set and see, on their way into and out of SIP messages.

use bytes::Bytes;
use offhook_protocol::Header;
use offhook_sip::message::{
    Header as SipHeader, HeaderName, Headers, Reason, Request, RequestBuilder, Response, ResponseBuilder, StatusCode,
};

use crate::call::Extras;
use crate::call::extras::{MAX_HEADERS, MAX_VALUE, may_be_seen, may_be_set};

/// The hops of a request that does not say how many it has (RFC 3261 section 16.6).
const MAX_FORWARDS: u8 = 70;

/// What a response says beside its meaning.
#[must_use]
pub(super) fn of_response(response: &Response) -> Extras {
    Extras {
        sip_status: Some(response.status().code()),
        sip_reason: Some(printable(&response.reason())).filter(|reason| !reason.is_empty()),
        headers: seen(response.headers()),
        ..Extras::default()
    }
}

/// What a request says beside its meaning.
#[must_use]
pub(super) fn of_request(request: &Request) -> Extras {
    // A SIP cause says most: it is a response that somebody else got.
    let reasons: Vec<Reason> = request.headers().reasons().collect();
    let reason = reasons.iter().find(|reason| reason.is_of("SIP")).or(reasons.first());
    let sip_status = reason.filter(|reason| reason.is_of("SIP")).and_then(Reason::cause);
    let sip_reason = reason.and_then(|reason| reason.text().map(printable).or_else(|| phrase(reason)));
    Extras { sip_status, sip_reason, headers: seen(request.headers()), ..Extras::default() }
}

/// The words for a cause that came without any: those of the status, or of ITU-T Q.850.
fn phrase(reason: &Reason) -> Option<String> {
    let cause = reason.cause()?;
    if reason.is_of("SIP") {
        return StatusCode::new(cause).map(|status| status.reason().to_owned());
    }
    if !reason.is_of("Q.850") {
        return None;
    }
    let words = match cause {
        1 => "Unallocated number",
        16 => "Normal call clearing",
        17 => "User busy",
        18 => "No user responding",
        19 => "No answer from user",
        21 => "Call rejected",
        27 => "Destination out of order",
        28 => "Invalid number format",
        31 => "Normal, unspecified",
        34 => "No circuit available",
        38 => "Network out of order",
        41 => "Temporary failure",
        42 => "Switching equipment congestion",
        102 => "Recovery on timer expiry",
        127 => "Interworking, unspecified",
        _ => return Some(format!("Q.850 cause {cause}")),
    };
    Some(words.to_owned())
}

/// What an INVITE that begins a call says beside its meaning.
#[must_use]
pub(super) fn of_invite(request: &Request) -> Extras {
    let hops = request.headers().max_forwards().ok().flatten().unwrap_or(MAX_FORWARDS);
    Extras { hops: Some(hops), ..of_request(request) }
}

/// Puts an app's headers into a request, and the hops that are left to it when it was passed on (RFC 7332).
pub(super) fn into_request(request: RequestBuilder, extras: &Extras) -> RequestBuilder {
    let request = match extras.hops {
        Some(hops) => request.max_forwards(hops.saturating_sub(1)),
        None => request,
    };
    settable(extras).fold(request, |request, (name, value)| request.header(name, value))
}

/// Puts an app's headers into a response.
pub(super) fn into_response(response: ResponseBuilder, extras: &Extras) -> ResponseBuilder {
    settable(extras).fold(response, |response, (name, value)| response.header(name, value))
}

/// The headers an app may see, as many as it can use.
fn seen(headers: &Headers) -> Vec<Header> {
    let fits = |header: &&SipHeader| header.value().len() <= MAX_VALUE;
    let readable = headers.iter().filter(|header| *header.name() != HeaderName::Malformed).filter(fits);
    let named = readable.map(|header| Header { name: header.name().to_string(), value: printable(&header.text()) });
    named.filter(|header| may_be_seen(&header.name)).take(MAX_HEADERS).collect()
}

/// A text for people: no control characters, which a peer may have put there to mislead.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect()
}

/// What the door has let in is checked once more where it is written: nothing an app says may become structure.
fn settable(extras: &Extras) -> impl Iterator<Item = (HeaderName, &str)> {
    extras.headers.iter().filter(|header| may_be_set(header)).take(MAX_HEADERS).map(|header| {
        let name = HeaderName::parse(&Bytes::copy_from_slice(header.name.as_bytes()));
        (name, header.value.as_str())
    })
}

#[cfg(test)]
mod tests {
    use offhook_sip::message::Message;

    use super::*;

    const INVITE: &str = "INVITE sip:a@192.0.2.1 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nFrom: <sip:b@192.0.2.9>;tag=1\r\nTo: <sip:a@192.0.2.1>\r\n\
        Call-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:b@192.0.2.9>\r\nMax-Forwards: 70\r\n";

    fn request(more: &str) -> Request {
        let text = format!("{INVITE}{more}Content-Length: 0\r\n\r\n");
        match Message::parse_datagram(Bytes::from(text), &Default::default()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => panic!("a response"),
        }
    }

    fn names(extras: &Extras) -> Vec<&str> {
        extras.headers.iter().map(|header| header.name.as_str()).collect()
    }

    #[test]
    fn an_app_sees_the_headers_that_are_no_bookkeeping() {
        let extras = of_request(&request("X-A: 1\r\nP-Asserted-Identity: <sip:c@d>\r\nDiversion: <sip:e@f>\r\n"));
        assert_eq!(names(&extras), ["X-A", "P-Asserted-Identity", "Diversion"]);
    }

    #[test]
    fn a_folded_value_is_unfolded() {
        let extras = of_request(&request("X-A: one\r\n two\r\n\tthree\r\n"));
        assert_eq!(extras.headers[0].value, "one two three");
    }

    #[test]
    fn a_peer_cannot_fill_the_memory_with_headers() {
        let extras = of_request(&request(&"X-A: 1\r\n".repeat(100)));
        assert_eq!(extras.headers.len(), MAX_HEADERS);
        let long = format!("X-A: {}\r\nX-B: 1\r\n", "x".repeat(MAX_VALUE + 1));
        assert_eq!(names(&of_request(&request(&long))), ["X-B"]);
    }

    #[test]
    fn a_response_gives_its_status_line() {
        let response = Response::reply(&request(""), StatusCode::BUSY_HERE).reason("On holiday").build().unwrap();
        let extras = of_response(&response);
        assert_eq!((extras.sip_status, extras.sip_reason.as_deref()), (Some(486), Some("On holiday")));
    }

    #[test]
    fn a_reason_is_told_in_words_whatever_it_came_as() {
        let told = |reason: &str| {
            let extras = of_request(&request(&format!("Reason: {reason}\r\n")));
            (extras.sip_status, extras.sip_reason.unwrap_or_default())
        };
        assert_eq!(
            told("SIP;cause=200;text=\"Call completed elsewhere\""),
            (Some(200), "Call completed elsewhere".into())
        );
        assert_eq!(told("SIP;cause=486"), (Some(486), "Busy Here".into()));
        assert_eq!(told("Q.850;cause=17"), (None, "User busy".into()));
        assert_eq!(told("Q.850;cause=99"), (None, "Q.850 cause 99".into()));
        assert_eq!(told("Q.850;cause=16;text=\"Bye\", SIP;cause=603"), (Some(603), "Decline".into()));
        assert_eq!(told("preemption"), (None, String::new()));
    }

    /// Nobody gets by the door with these; should one do so, the message is still the relay's own.
    #[test]
    fn what_could_become_structure_is_not_written() {
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let hostile = Extras {
            headers: vec![
                header("X-A", "1\r\nVia: evil"),
                header("X-B", "1\r\n folded"),
                header("X-C: 1\r\nX-D", "1"),
                header("Contact", "<sip:evil@192.0.2.66>"),
                header("m", "<sip:evil@192.0.2.66>"),
                header("X-Ä", "1"),
                header("X-Good", "Grüße: 😀"),
            ],
            ..Extras::default()
        };
        let reply = Response::reply(&request(""), StatusCode::OK);
        let text = into_response(reply, &hostile).build().unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert!(text.contains("X-Good: Grüße: 😀\r\n"));
        assert!(!text.contains("evil") && !text.contains("folded") && !text.contains("X-D"), "{text}");
    }
}
