//! What each parser takes from a message, in words that can be compared.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use offhook_sip::message::{HeaderError, Limits, Message, NameAddr};

/// A parser that is asked as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oracle {
    Rsip,
    Rsipstack,
}

/// Begins a value of ours that could not be read, before the reason.
pub(crate) const FAULT: &str = "unreadable: ";

/// Field by field; a field that is absent, or that an oracle cannot read, is not there.
pub(crate) type Reading = BTreeMap<&'static str, String>;

/// A reading, or nothing where the parser refuses the message as a whole.
pub(crate) fn ours(input: &[u8]) -> Option<Reading> {
    let datagram = Bytes::copy_from_slice(input);
    let message = Message::parse_datagram(datagram, &Limits::default()).ok()?;
    let mut reading = Reading::new();
    match &message {
        Message::Request(request) => {
            reading.insert("method", request.method().to_string());
            let uri = request.uri();
            let uri = uri.map_or_else(|fault| format!("{FAULT}{fault}"), |uri| uri.to_string());
            reading.insert("uri", uri);
        }
        Message::Response(response) => {
            reading.insert("status", response.status().to_string());
        }
    }
    let headers = message.headers();
    let mut put = |field, value: Result<Option<String>, HeaderError>| match value {
        Ok(Some(value)) => drop(reading.insert(field, value)),
        Ok(None) | Err(HeaderError::Missing(_)) => {}
        Err(error) => drop(reading.insert(field, format!("{FAULT}{error}"))),
    };
    let tag = |addr: NameAddr| addr.tag().map(str::to_owned);
    put("from-tag", headers.from().map(tag));
    put("to-tag", headers.to().map(tag));
    put("call-id", headers.call_id().map(|id| Some(id.to_string())));
    put("cseq", headers.cseq().map(|cseq| Some(cseq.to_string())));
    let via = headers.top_via();
    put("branch", via.map(|via| via.branch().map(str::to_owned)));
    reading.insert("headers", headers.len().to_string());
    reading.insert("body", String::from_utf8_lossy(message.body()).into_owned());
    Some(reading)
}

/// What the oracle takes from it; a panic of theirs is a refusal.
pub(crate) fn theirs(oracle: Oracle, input: &[u8]) -> Option<Reading> {
    let read = || match oracle {
        Oracle::Rsip => with_rsip(input),
        Oracle::Rsipstack => with_rsipstack(input),
    };
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

/// The two have the same names for most things, since one began as a fork of the other.
macro_rules! reader {
    ($name:ident, $root:path, $($prelude:tt)*) => {
        fn $name(input: &[u8]) -> Option<Reading> {
            use $root as sip;
            $($prelude)*

            let message = sip::SipMessage::try_from(input).ok()?;
            let mut reading = Reading::new();
            let body = match &message {
                sip::SipMessage::Request(request) => {
                    reading.insert("method", request.method.to_string());
                    reading.insert("uri", request.uri.to_string());
                    &request.body
                }
                sip::SipMessage::Response(response) => {
                    reading.insert("status", response.status_code.code().to_string());
                    &response.body
                }
            };
            reading.insert("body", String::from_utf8_lossy(body).into_owned());
            reading.insert("headers", message.headers().iter().count().to_string());
            let mut put = |field, value: Option<String>| {
                if let Some(value) = value {
                    reading.insert(field, value);
                }
            };
            let from = message.from_header().ok().and_then(|header| header.typed().ok());
            put("from-tag", from.and_then(|from| Some(from.tag()?.to_string())));
            let to = message.to_header().ok().and_then(|header| header.typed().ok());
            put("to-tag", to.and_then(|to| Some(to.tag()?.to_string())));
            let via = message.via_header().ok().and_then(|header| header.typed().ok());
            put("branch", via.and_then(|via| Some(via.branch()?.to_string())));
            let cseq = message.cseq_header().ok().and_then(|header| header.typed().ok());
            put("cseq", cseq.map(|cseq| format!("{} {}", cseq.seq, cseq.method)));
            let call_id = message.call_id_header().ok();
            put("call-id", call_id.map(|id| id.value().to_string()));
            Some(reading)
        }
    };
}

reader!(with_rsip, rsip, use rsip::prelude::*;);
reader!(with_rsipstack, rsipstack::sip, use rsipstack::sip::prelude::*;);
