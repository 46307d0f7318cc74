//! RFC 5118, section by section: what each message is read as.

use std::net::IpAddr;

use bytes::Bytes;
use offhook_sip::message::{Request, SipUri};
use offhook_sip::sdp::SessionDescription;

use crate::{accepted, messages, refused};

messages! { "rfc5118", own_5118,
    good "ipv6-good": |bytes| assert!(target(bytes).host().ip().is_some_and(|ip| ip.is_ipv6()));
    bad "ipv6-bad": |bytes| drop(refused(bytes, &[400]));
    port_ambiguous "port-ambiguous": |bytes| {
        let uri = target(bytes);
        assert_eq!(uri.port(), None, "what is in brackets is address");
        assert!(uri.host().to_string().contains(":50"));
    };
    port_unambiguous "port-unambiguous": |bytes| assert!(target(bytes).port().is_some());
    received_with_brackets "via-received-param-with-delim": |bytes| {
        assert!(received(bytes).is_some_and(|ip| ip.is_ipv6()));
    };
    received_without_brackets "via-received-param-no-delim": |bytes| {
        assert!(received(bytes).is_some_and(|ip| ip.is_ipv6()));
    };
    sdp "ipv6-in-sdp": |bytes| {
        let request = accepted(without_length(bytes));
        assert!(media_addresses(&request).iter().all(IpAddr::is_ipv6));
    };
    both_in_header "mult-ip-in-header": |bytes| {
        let request = accepted(bytes);
        let hosts: Vec<bool> = request
            .headers()
            .vias()
            .map(|via| via.unwrap().sent_by.host.ip().unwrap().is_ipv6())
            .collect();
        assert_eq!(hosts, [true, false, true]);
        let last = request.headers().vias().last().unwrap().unwrap();
        assert!(last.received().is_some_and(|ip| ip.is_ipv4()));
    };
    both_in_sdp "mult-ip-in-sdp": |bytes| {
        let families: Vec<bool> = media_addresses(&accepted(bytes)).iter().map(IpAddr::is_ipv6).collect();
        assert_eq!(families, [false, true]);
    };
    mapped "ipv4-mapped-ipv6": |bytes| {
        let request = accepted(bytes);
        let contact = request.headers().contact().unwrap().unwrap();
        let ip = contact.uri.sip().unwrap().host().ip().unwrap();
        assert!(ip.is_ipv6() && ip.to_canonical().is_ipv4());
    };
    two_colons "ipv6-correct-abnf-2-colons": |bytes| {
        assert!(target(bytes).host().ip().is_some());
    };
    // A receiver may forgive the third colon, and does.
    three_colons "ipv6-bug-abnf-3-colons": |bytes| {
        assert!(!target(bytes).to_string().contains(":::"));
    };
}

fn target(bytes: Bytes) -> SipUri {
    let uri = accepted(bytes).uri().unwrap();
    uri.sip().unwrap().clone()
}

/// Where each section of the session description receives.
fn media_addresses(request: &Request) -> Vec<IpAddr> {
    let description = SessionDescription::parse(request.body()).unwrap();
    assert!(!description.media.is_empty());
    description.media.iter().map(|section| description.ip_of(section).unwrap()).collect()
}

fn received(bytes: Bytes) -> Option<IpAddr> {
    accepted(bytes).headers().top_via().unwrap().received()
}

/// Some copies of this message had their line ends changed without their Content-Length; the rest
/// of the datagram is the body then.
fn without_length(bytes: Bytes) -> Bytes {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let kept: Vec<&str> = text.split("\r\n").filter(|line| !line.starts_with("Content-Length")).collect();
    kept.join("\r\n").into()
}
