use super::*;

fn refer_to(text: &str) -> Result<ReferTo, Fault> {
    ReferTo::parse(text.as_bytes())
}

#[test]
fn an_address_to_be_called_is_read_with_and_without_brackets() {
    for text in ["<sip:carol@pbx.example>", "sip:carol@pbx.example", "\"Carol\" <sip:carol@pbx.example;method=INVITE>"]
    {
        let refer_to = refer_to(text).unwrap();
        assert_eq!(refer_to.address.uri.to_string(), "sip:carol@pbx.example", "{text}");
        assert_eq!(refer_to.replaces, None);
    }
    assert_eq!(refer_to("<tel:+49301234>").unwrap().address.uri.to_string(), "tel:+49301234");
}

#[test]
fn a_dialog_to_be_replaced_is_read_out_of_the_address() {
    let text = "<sip:carol@192.0.2.7:5070?Replaces=a84b4c%40h%3Bto-tag%3D1%3Bfrom-tag%3D2&Require=replaces>";
    let refer_to = refer_to(text).unwrap();
    let replaces = refer_to.replaces.clone().unwrap();
    assert_eq!(
        (replaces.call_id.as_str(), replaces.to_tag.as_str(), replaces.from_tag.as_str()),
        ("a84b4c@h", "1", "2")
    );
    assert_eq!(refer_to.address.uri.to_string(), "sip:carol@192.0.2.7:5070");
    assert_eq!(ReferTo::parse(refer_to.to_string().as_bytes()), Ok(refer_to));
}

#[test]
fn what_is_no_call_is_refused() {
    for text in [
        "",
        "<sip:a@b;method=BYE>",
        "<sip:a@b?Replaces=x>",
        "<sip:a@b?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2&replaces=y%3Bto-tag%3D1%3Bfrom-tag%3D2>",
        "<sip:a@b?Replaces=x%0d%0aVia%3A%20y%3Bto-tag%3D1%3Bfrom-tag%3D2>",
    ] {
        assert!(refer_to(text).is_err(), "{text:?}");
    }
}

#[test]
fn headers_that_an_address_brings_along_are_left_out() {
    let refer_to = refer_to("<sip:a@b?From=%3Csip%3Aboss%40b%3E&Route=x>").unwrap();
    assert_eq!(refer_to.to_string(), "<sip:a@b>");
}

#[test]
fn an_event_is_a_package_and_an_id() {
    let event = Event::parse(b"refer ;id=93809824").unwrap();
    assert!(event.is(REFER_EVENT) && event.id.as_deref() == Some("93809824"));
    assert_eq!(event.to_string(), "refer;id=93809824");
    assert_eq!(Event::parse(b"refer").unwrap().id, None);
    assert!(Event::parse(b"").is_err());
}

#[test]
fn a_subscription_goes_on_or_is_over() {
    assert_eq!(SubscriptionState::parse(b"active;expires=60"), Ok(SubscriptionState::Active(Some(60))));
    assert_eq!(SubscriptionState::parse(b"Pending"), Ok(SubscriptionState::Pending(None)));
    assert_eq!(SubscriptionState::parse(b"something-new"), Ok(SubscriptionState::Active(None)));
    let over = SubscriptionState::parse(b"terminated;reason=noresource").unwrap();
    assert!(over.is_over());
    assert_eq!(over.to_string(), "terminated;reason=noresource");
}

#[test]
fn a_fragment_begins_with_a_status_line() {
    assert_eq!(fragment_status(b"SIP/2.0 100 Trying\r\n"), Some((StatusCode::TRYING, "Trying".into())));
    assert_eq!(fragment_status(b"SIP/2.0 200 OK"), Some((StatusCode::OK, "OK".into())));
    assert_eq!(fragment_status(b"sip/2.0 486"), Some((StatusCode::BUSY_HERE, String::new())));
    assert_eq!(fragment_status(b"SIP/2.0 404 \x1b[31mGone\r\nTo: x\r\n").unwrap().1, "[31mGone");
    for body in ["", "SIP/2.0", "SIP/2.0 42 x", "INVITE sip:a@b SIP/2.0", "SIP/2.0 abc"] {
        assert_eq!(fragment_status(body.as_bytes()), None, "{body:?}");
    }
}

#[test]
fn no_phrase_makes_a_second_line_of_a_fragment() {
    let fragment = status_fragment(StatusCode::BUSY_HERE, "Busy\r\nTo: x");
    assert_eq!(fragment, "SIP/2.0 486 BusyTo: x\r\n");
    assert_eq!(status_fragment(StatusCode::BUSY_HERE, ""), "SIP/2.0 486 Busy Here\r\n");
}
