//! Two dialogs against each other, whatever they send, agree; hostile messages are errors at most.

use proptest::prelude::*;

use super::fixture::*;
use crate::dialog::{Dialog, Forks};
use crate::message::Method;

/// Carries a request over the wire.
fn carry(request: &crate::message::Request) -> crate::message::Request {
    let text = String::from_utf8(request.to_bytes().to_vec()).unwrap();
    super::fixture::request(&text.replace("\r\n", "\n"))
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![Just(Method::Invite), Just(Method::Info), Just(Method::Update), Just(Method::Bye)]
}

proptest! {
    #[test]
    fn both_sides_accept_each_others_requests(turns in proptest::collection::vec((any::<bool>(), method()), 1..30)) {
        let records = "Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\n";
        let mut alice = alices(200, &format!("{BOBS_CONTACT}{records}"));
        let mut bob = bobs(records);
        for (alices_turn, method) in turns {
            let (sender, receiver) = if alices_turn { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
            let request = sender.request(method, &via()).build().unwrap();
            prop_assert!(receiver.receive_request(&carry(&request)).is_ok());
        }
    }

    #[test]
    fn hostile_headers_are_errors_at_most(
        headers in "(Contact: [ -~]{0,30}\n|Record-Route: [ -~]{0,30}\n|CSeq: [ -~]{0,10}\n|To: [ -~]{0,20}\n){0,4}",
        code in 100..700_u16,
    ) {
        let invite = invite(&headers);
        let _ = Dialog::from_request(&invite, BOB_TAG, contact("<sip:bob@192.0.2.9>"));
        let reply = reply(code, BOB_TAG, &headers);
        let _ = Dialog::from_response(&invite, &reply);
        let _ = Forks::new().receive(&super::fixture::invite(""), &reply);
        let mut dialog = bobs("");
        let _ = dialog.receive_request(&in_dialog("INVITE", 11, &headers));
        prop_assert!(dialog.request(Method::Bye, &via()).build().is_ok());
    }
}
