//! The server's side: making a challenge and judging its answers.

use super::{Algorithm, Authorization, Challenge, Password, Qop};
use crate::message::{HeaderName, Request};

/// One nonce, with the realm and algorithm it was issued for.
#[derive(Debug, Clone)]
pub struct Verifier {
    challenge: Challenge,
    nonce_count: u32,
}

/// What an answer is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The answer is right; this is the user.
    Accepted,
    /// There is no answer for this realm. Send the challenge.
    Absent,
    /// The answer is right but for a nonce that is not this one, or was used before. Send a new
    /// challenge that says so.
    Stale,
    /// The answer is wrong. Refuse the request.
    Refused,
}

impl Verifier {
    /// Issues a nonce, a fresh random token.
    #[must_use]
    pub fn new(realm: &str, nonce: &str, algorithm: Algorithm) -> Self {
        Self {
            challenge: Challenge {
                realm: realm.to_owned(),
                nonce: nonce.to_owned(),
                opaque: None,
                algorithm: Some(algorithm),
                qop: Some(Qop::Auth),
                stale: false,
            },
            nonce_count: 0,
        }
    }

    /// The challenge to send. `stale` tells the client that its answer was right but for the
    /// nonce.
    #[must_use]
    pub fn challenge(&self, stale: bool) -> Challenge {
        Challenge { stale, ..self.challenge.clone() }
    }

    /// The answer a request brings for this realm, in Authorization.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Option<Authorization> {
        request
            .headers()
            .all(&HeaderName::Authorization)
            .filter_map(|header| Authorization::parse(header.value()))
            .find(|answer| answer.realm == self.challenge.realm)
    }

    /// Judges the answer a request brings for a user with this password. An accepted answer
    /// cannot be used again: its nonce count is taken.
    pub fn verify(&mut self, request: &Request, password: &Password) -> Verdict {
        let Some(answer) = self.answer(request) else {
            return Verdict::Absent;
        };
        let right_form = answer.uri.as_bytes() == request.raw_uri()
            && answer.algorithm.unwrap_or(Algorithm::Md5) == self.challenge.algorithm();
        let Some(protection) = answer.protection.as_ref().filter(|_| right_form) else {
            return Verdict::Refused;
        };
        if !answer.is_made_with(password, request.method(), request.body()) {
            return Verdict::Refused;
        }
        if answer.nonce != self.challenge.nonce || protection.nonce_count <= self.nonce_count {
            return Verdict::Stale;
        }
        self.nonce_count = protection.nonce_count;
        Verdict::Accepted
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::digest::{Client, Credentials};
    use crate::message::{Limits, Message, Response, StatusCode};

    fn request() -> Request {
        let text = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n";
        match Message::parse_datagram(Bytes::from(text), &Limits::default()) {
            Ok(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    /// A request answering this challenge.
    fn answered(challenge: &Challenge, password: &str) -> Request {
        let mut request = request();
        let refusal = Response::reply(&request, StatusCode::UNAUTHORIZED)
            .header(HeaderName::WwwAuthenticate, challenge)
            .build()
            .unwrap();
        let mut client = Client::new(Credentials::new("alice", password));
        client.challenged(&refusal).unwrap();
        client.authorize(&mut request, "cn").unwrap();
        request
    }

    fn verifier() -> Verifier {
        Verifier::new("example.com", "n1", Algorithm::Sha256)
    }

    #[test]
    fn the_right_password_is_accepted_once() {
        let mut verifier = verifier();
        let request = answered(&verifier.challenge(false), "secret");
        let password = Password::new("secret");
        assert_eq!(verifier.verify(&request, &password), Verdict::Accepted);
        assert_eq!(verifier.verify(&request, &password), Verdict::Stale);
    }

    #[test]
    fn a_wrong_password_is_refused_and_no_answer_is_absent() {
        let mut verifier = verifier();
        let bad = answered(&verifier.challenge(false), "guess");
        let password = Password::new("secret");
        assert_eq!(verifier.verify(&bad, &password), Verdict::Refused);
        assert_eq!(verifier.verify(&request(), &password), Verdict::Absent);
    }

    #[test]
    fn an_answer_to_an_older_nonce_is_stale() {
        let old = Verifier::new("example.com", "n0", Algorithm::Sha256);
        let request = answered(&old.challenge(false), "secret");
        let verdict = verifier().verify(&request, &Password::new("secret"));
        assert_eq!(verdict, Verdict::Stale);
        assert!(verifier().challenge(true).to_string().contains("stale=true"));
    }

    #[test]
    fn an_answer_for_another_uri_or_a_weaker_algorithm_is_refused() {
        let mut verifier = verifier();
        let password = Password::new("secret");
        let mut moved = answered(&verifier.challenge(false), "secret");
        moved.set_uri(&"sip:other.example".parse().unwrap()).unwrap();
        assert_eq!(verifier.verify(&moved, &password), Verdict::Refused);
        let weaker = Verifier::new("example.com", "n1", Algorithm::Md5);
        let request = answered(&weaker.challenge(false), "secret");
        assert_eq!(verifier.verify(&request, &password), Verdict::Refused);
    }
}
