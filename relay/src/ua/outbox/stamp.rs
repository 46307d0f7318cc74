//! What a request says of the way it takes: Via and Contact are written when it is known, for the transport and the family
//! of addresses it goes by.

use offhook_sip::message::{BuildError, Contact, HeaderName, NameAddr, Request};
use offhook_sip::transaction::{Destination, branch};

use crate::ua::account::Protocol;
use crate::ua::hop::contact_towards;
use crate::ua::locals::Locals;

/// The largest request that is sent as a datagram where a stream can be had (RFC 3261 section 18.1.1).
const DATAGRAM: usize = 1300;

/// Writes Via and Contact for this target; `again` makes the branch of a request that was sent before.
pub(super) fn stamp(
    request: &mut Request,
    to: &Destination,
    locals: &Locals,
    again: Option<u64>,
) -> Result<(), BuildError> {
    let Some(protocol) = Protocol::of_transport(&to.transport) else { return Ok(()) };
    let us = locals.stand_in(protocol, Some(to.address.ip()));
    let mut via = request.headers().top_via().map_err(|_| BuildError::Missing(HeaderName::Via))?;
    via.transport = to.transport.clone();
    via.sent_by = us.into();
    if let Some(random) = again {
        via.params.set("branch", Some(&branch(random)))?;
    }
    let contact = own_contact(request).map(|contact| contact_towards(&contact, protocol, to.address.ip(), locals));
    let headers = request.headers_mut();
    headers.replace_first_value(&HeaderName::Via, &via)?;
    match contact {
        Some(contact) => headers.set(HeaderName::Contact, contact),
        None => Ok(()),
    }
}

/// Whether a request is too large for a datagram.
pub(super) fn is_large(request: &Request) -> bool {
    // What the way adds or takes, an address of another family say, matters little beside the 200 bytes of slack that
    // the limit has below the usual packet of 1500.
    request.to_bytes().len() > DATAGRAM
}

/// The Contact, where there is just one.
fn own_contact(request: &Request) -> Option<NameAddr> {
    let mut contacts = request.headers().contacts();
    match (contacts.next(), contacts.next()) {
        (Some(Ok(Contact::Addr(contact))), None) => Some(contact),
        _ => None,
    }
}
