//! SIP peers of a [`World`]: what they write is text, and what they are sent is kept.

use std::net::SocketAddr;

use bytes::Bytes;
use offhook_sip::message::{HeaderName, Limits, Message, Method, Request, Response, StatusCode};
use offhook_sip::transaction::Destination;

use super::{Input, World};
use crate::ua::transport::TransportEvent;

/// A peer at an address, with one call at a time.
#[derive(Clone)]
pub(super) struct SipPeer {
    pub(super) address: SocketAddr,
    call_id: String,
}

/// A description of these codecs' payload types at the peer's address.
pub(super) fn sdp(address: &str, payloads: &str) -> String {
    format!(
        "v=0\r\no=x 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 5000 RTP/AVP {payloads}\r\n"
    )
}

impl SipPeer {
    pub(super) fn at(address: &str) -> Self {
        Self { address: address.parse().unwrap(), call_id: format!("call@{address}") }
    }

    /// A request outside of any dialog, with these further header lines.
    pub(super) fn request(&self, method: &str, user: &str, more: &str, body: &str) -> Message {
        let address = self.address;
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:{user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bK{method}{user}\r\n\
             From: \"Peer\" <sip:peer@{address}>;tag=peer\r\nTo: <sip:{user}@127.0.0.1>\r\nCall-ID: {}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:peer@{address}>\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
            self.call_id,
            body.len()
        );
        parse(text)
    }

    /// A REGISTER of this user's, with these further header lines.
    pub(super) fn register(&self, user: &str, cseq: u32, more: &str) -> Message {
        let address = self.address;
        parse(format!(
            "REGISTER sip:relay.example SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bKreg{cseq}\r\n\
             From: <sip:{user}@relay.example>;tag=peer\r\nTo: <sip:{user}@relay.example>\r\n\
             Call-ID: register@{address}\r\nCSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\n{more}\
             Content-Length: 0\r\n\r\n"
        ))
    }

    /// A request within the dialog that this response to the peer's own INVITE made.
    pub(super) fn within(&self, method: &str, cseq: u32, response: &Response, body: &str) -> Message {
        let address = self.address;
        let to = response.headers().to().unwrap();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:relay@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bK{method}{cseq}\r\n\
             From: \"Peer\" <sip:peer@{address}>;tag=peer\r\nTo: {to}\r\nCall-ID: {}\r\nMax-Forwards: 70\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:peer@{address}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            self.call_id,
            body.len()
        );
        parse(text)
    }

    /// A request within the dialog that this INVITE to the peer made.
    pub(super) fn back(&self, method: &str, invite: &Request, body: &str) -> Message {
        let address = self.address;
        let (from, to) = (invite.headers().from().unwrap(), invite.headers().to().unwrap());
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:relay@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bKback{method}\r\n\
             From: {to};tag=peer\r\nTo: {from}\r\nCall-ID: {}\r\nMax-Forwards: 70\r\nCSeq: 7 {method}\r\n\
             Contact: <sip:peer@{address}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            invite.headers().call_id().unwrap(),
            body.len()
        );
        parse(text)
    }

    /// The peer's response to a request it was sent.
    pub(super) fn reply(&self, request: &Request, status: u16, body: &str) -> Message {
        let reply = Response::reply(request, StatusCode::new(status).unwrap()).to_tag("peer");
        let contact = format!("<sip:peer@{}>", self.address);
        let reply = reply.header(HeaderName::Contact, contact);
        let reply = if body.is_empty() { reply } else { reply.body("application/sdp", body.to_owned()) };
        reply.build().unwrap().into()
    }
}

fn parse(text: String) -> Message {
    Message::parse_datagram(Bytes::from(text), &Limits::default()).unwrap()
}

impl World {
    /// A message of a peer's arrives.
    pub(super) fn sip(&mut self, peer: &SipPeer, message: Message) {
        let event = TransportEvent::Message { from: Destination::udp(peer.address), message: Box::new(message) };
        self.input(Input::Sip(event));
    }

    /// The next request to a peer with this method.
    pub(super) fn sip_request(&mut self, peer: &SipPeer, method: Method) -> Request {
        match self.next_to(peer) {
            Message::Request(request) if *request.method() == method => request,
            other => panic!("not {method}: {other:?}"),
        }
    }

    /// The next response to a peer with this status.
    pub(super) fn sip_response(&mut self, peer: &SipPeer, status: u16) -> Response {
        match self.next_to(peer) {
            Message::Response(response) if response.status().code() == status => response,
            other => panic!("not {status}: {other:?}"),
        }
    }

    /// Nothing was sent that the test has not looked at.
    pub(super) fn sip_quiet(&self) {
        assert!(self.transmitted.is_empty(), "sent: {:?}", self.transmitted);
    }

    fn next_to(&mut self, peer: &SipPeer) -> Message {
        let at = self.transmitted.iter().position(|(to, _)| *to == peer.address);
        let at = at.unwrap_or_else(|| panic!("nothing was sent to {}: {:?}", peer.address, self.transmitted));
        self.transmitted.remove(at).1
    }
}
