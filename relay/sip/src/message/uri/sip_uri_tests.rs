//! SIP URIs taken apart, put together and compared.

use super::*;
use crate::message::Uri;

fn sip(text: &str) -> SipUri {
    match text.parse() {
        Ok(Uri::Sip(uri)) => uri,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn every_part_is_found_and_written_again() {
    let text = "sips:alice:pw@[2001:db8::1]:5070;transport=tcp;lr?Subject=x&Priority=y";
    let uri = sip(text);
    assert!(uri.is_secure());
    assert_eq!(uri.user(), Some("alice"));
    assert_eq!(uri.port(), Some(5070));
    assert_eq!(uri.param("Transport"), Some("tcp"));
    assert!(uri.has_param("lr") && uri.param("lr").is_none());
    assert_eq!(uri.headers(), Some("Subject=x&Priority=y"));
    assert_eq!(uri.to_string(), text);
}

#[test]
fn a_user_part_may_hold_semicolons_and_escapes() {
    let uri = sip("sip:user;par=u%40example.net@example.com");
    assert_eq!(uri.user_decoded().unwrap().as_ref(), b"user;par=u@example.net");
    assert_eq!(uri.host().to_string(), "example.com");
    assert_eq!(sip("sip:null-%00-null@h").user_decoded().unwrap()[5], 0);
}

#[test]
fn a_user_part_of_our_own_is_escaped() {
    let uri = SipUri::new("h".parse().unwrap()).with_user("a b@c;d\r\n\u{e9}");
    assert_eq!(uri.to_string(), "sip:a%20b%40c%3Bd%0D%0A%C3%A9@h");
    assert_eq!(sip(&uri.to_string()).user_decoded().unwrap().as_ref(), "a b@c;d\r\n\u{e9}".as_bytes());
}

#[test]
fn parameters_are_escaped_and_replaced_in_place() {
    let uri = sip("sip:h;a=1;b=2").with_param("A", Some("x;y")).with_param("lr", None);
    assert_eq!(uri.to_string(), "sip:h;a=x%3By;b=2;lr");
}

#[test]
fn parameters_are_bounded() {
    let with = |count: usize| format!("sip:h{}", ";a".repeat(count)).parse::<Uri>();
    assert!(with(64).is_ok());
    assert!(with(65).is_err());
}

#[test]
fn an_escaped_parameter_name_is_the_same_name() {
    assert!(sip("sip:h;%6C%72").has_param("lr"));
}

#[test]
fn a_password_is_not_shown() {
    let uri = sip("sip:alice:secret@h");
    assert_eq!(format!("{uri:?}"), "sip:alice:***@h");
    assert_eq!(format!("{:?}", Uri::from(uri)), "sip:alice:***@h");
}

#[test]
fn broken_uris_are_refused() {
    for text in ["sip:", "sip:@h", "sip:a@b@c", "sip:a%2@h", "sip:h;=x", "sip:h;;a", "sip:h:x"] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
}

#[test]
fn equivalent_by_rfc_3261_section_19_1_4() {
    for (a, b) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ] {
        assert!(sip(a).matches(&sip(b)), "{a} {b}");
        assert!(sip(b).matches(&sip(a)), "{b} {a}");
    }
}

#[test]
fn different_by_rfc_3261_section_19_1_4() {
    for (a, b) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:bob@h", "sips:bob@h"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ] {
        assert!(!sip(a).matches(&sip(b)), "{a} {b}");
    }
}

/// Found by fuzzing: the second was compared with the first.
#[test]
fn an_address_with_a_parameter_twice_is_the_same_as_itself() {
    let twice: Uri = "sip:a@b;x=1;x=2".parse().unwrap();
    assert!(twice.matches(&twice));
    assert!(twice.matches(&"sip:a@b;x=1".parse().unwrap()));
    assert!(!twice.matches(&"sip:a@b;x=2".parse().unwrap()));
}
