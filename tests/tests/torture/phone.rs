//! A phone that sends a REGISTER of the torture messages, and answers when it is asked for the password.

use bytes::Bytes;
use offhook_sip::digest::{Client, Credentials};
use offhook_sip::message::{CSeq, Contact, HeaderName, Headers, Limits, Message, Method, Request, Response};
use offhook_tests::Bench;

use crate::{PASSWORD, final_status};

/// Registers as the user in To: 401, then 200 with exactly the Contacts that the message names.
pub(crate) fn registers(bench: &Bench, message: &[u8], section: &str) {
    let request = request(message);
    let user = request.headers().to().unwrap().uri.sip().unwrap().user().unwrap().to_owned();
    let answers = asked_and_told(bench, message, &user);
    assert_eq!(final_status(&answers), Some(200), "section {section}; what came back: {answers:#?}");
    let bound = answers.iter().filter_map(|answer| response(answer)).find(|answer| answer.status().code() == 200);
    assert_eq!(contacts(bound.unwrap().headers()), contacts(request.headers()), "section {section}");
}

/// Sends the message, which must be asked for the password, and again with the answer of this user. What came back then.
pub(crate) fn asked_and_told(bench: &Bench, message: &[u8], user: &str) -> Vec<String> {
    let (_, told) = bench.answers_to_both(message, |asked| {
        assert_eq!(final_status(asked), Some(401), "what came back: {asked:#?}");
        let challenge = asked.iter().find_map(|answer| response(answer)).unwrap();
        again(request(message), &challenge, user)
    });
    told
}

/// The request with its answer to the challenge, in a transaction of its own.
fn again(mut request: Request, challenge: &Response, user: &str) -> Vec<u8> {
    let mut client = Client::new(Credentials::new(user, PASSWORD));
    client.challenged(challenge).unwrap();
    client.authorize(&mut request, "cnonce").unwrap();
    let headers = request.headers_mut();
    let number = headers.cseq().unwrap().number;
    headers.set(HeaderName::CSeq, CSeq::new(number + 1, Method::Register)).unwrap();
    let via = headers.first(&HeaderName::Via).unwrap().text().replace("z9hG4bK", "z9hG4bKagain");
    headers.set(HeaderName::Via, via).unwrap();
    request.to_bytes().into()
}

fn request(message: &[u8]) -> Request {
    match Message::parse_datagram(Bytes::copy_from_slice(message), &Limits::default()) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn response(text: &str) -> Option<Response> {
    match Message::parse_datagram(Bytes::copy_from_slice(text.as_bytes()), &Limits::default()) {
        Ok(Message::Response(response)) => Some(response),
        _ => None,
    }
}

/// Contacts, the URI and its own parameters apart: a parameter of the one is none of the other.
fn contacts(headers: &Headers) -> Vec<(String, Vec<String>)> {
    let read = |contact: Contact| {
        let Contact::Addr(contact) = contact else { panic!("no address") };
        let own = contact.params.iter().filter(|(name, _)| *name != "expires");
        (contact.uri.to_string(), own.map(|param| format!("{param:?}")).collect())
    };
    headers.contacts().map(|contact| read(contact.unwrap())).collect()
}
