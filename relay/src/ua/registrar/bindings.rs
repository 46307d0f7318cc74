//! Where users can be reached: bindings of addresses of record to Contacts (RFC 3261 section 10.3).

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use offhook_sip::message::{Contact, HeaderName, NameAddr, Request, StatusCode, Uri};
use offhook_sip::transaction::{ConnectionId, Destination};

use crate::config::RegistrarConfig;

/// Route values of a Path that are kept.
const MAX_PATH: usize = 8;

/// A binding.
#[derive(Clone)]
pub(super) struct Binding {
    /// Whom requests are for.
    pub(super) contact: NameAddr,
    /// Where they go: whence the REGISTER came.
    pub(super) flow: Destination,
    /// The proxies on their way (RFC 3327).
    pub(super) path: Vec<NameAddr>,
    pub(super) until: Instant,
    call_id: String,
    cseq: u32,
    /// Which of the user's phones it is, over which of its flows (RFC 5626).
    instance: Option<(String, String)>,
}

/// Contacts and addresses stay out of logs, as their tokens may let others call there.
impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding").field("path", &self.path.len()).finish_non_exhaustive()
    }
}

/// What a REGISTER asks for one Contact.
struct Wish {
    contact: NameAddr,
    expires: u32,
}

/// All bindings.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    /// By user, the one renewed last at the end.
    users: HashMap<String, Vec<Binding>>,
    count: usize,
    /// Whence they were made.
    sources: HashSet<IpAddr>,
    /// Over which connections.
    flows: HashSet<ConnectionId>,
    /// When the first of them expires.
    wake: Option<Instant>,
}

/// Why a REGISTER changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A time is too short: `Min-Expires` tells what would do.
    TooBrief,
    /// With this status.
    Status(StatusCode),
}

impl Bindings {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The user's bindings, the one renewed last at the end.
    pub(super) fn of(&self, user: &str, now: Instant) -> impl DoubleEndedIterator<Item = &Binding> {
        self.users.get(user).into_iter().flatten().filter(move |binding| binding.until > now)
    }

    /// Whether somebody at this address has a binding.
    pub(super) fn has_source(&self, source: IpAddr) -> bool {
        self.sources.contains(&source.to_canonical())
    }

    /// Does what a REGISTER of this user's asks: all of it or nothing.
    pub(super) fn update(
        &mut self,
        user: &str,
        request: &Request,
        from: &Destination,
        config: &RegistrarConfig,
        now: Instant,
    ) -> Result<(), Refusal> {
        let bad = Refusal::Status(StatusCode::BAD_REQUEST);
        let headers = request.headers();
        let call_id = headers.call_id().map_err(|_| bad)?.to_string();
        let cseq = headers.cseq().map_err(|_| bad)?.number;
        let contacts: Vec<Contact> = headers.contacts().collect::<Result<_, _>>().map_err(|_| bad)?;
        let mut bindings = self.users.get(user).cloned().unwrap_or_default();
        bindings.retain(|binding| binding.until > now);
        let overtaken = |binding: &Binding| binding.call_id == call_id && binding.cseq >= cseq;
        if contacts.contains(&Contact::Star) {
            if headers.expires() != Some(0) {
                return Err(bad);
            }
            if bindings.iter().any(overtaken) {
                return Err(Refusal::Status(StatusCode::SERVER_INTERNAL_ERROR));
            }
            self.put(user, Vec::new());
            return Ok(());
        }
        let wishes = contacts.into_iter().filter_map(|contact| match contact {
            Contact::Star => None,
            Contact::Addr(contact) => {
                let own = contact.params.value("expires").and_then(|text| text.parse().ok());
                let expires = own.or_else(|| headers.expires()).unwrap_or(config.expires);
                Some(Wish { contact, expires })
            }
        });
        let wishes: Vec<Wish> = wishes.collect();
        if wishes.iter().any(|wish| wish.expires != 0 && wish.expires < config.min_expires) {
            return Err(Refusal::TooBrief);
        }
        let path: Vec<NameAddr> = headers.addresses(&HeaderName::Path).collect::<Result<_, _>>().map_err(|_| bad)?;
        if path.len() > MAX_PATH {
            return Err(bad);
        }
        let mut changed = bindings;
        for Wish { contact, expires } in wishes {
            let instance = instance(&contact);
            let is_same = |binding: &Binding| match (&instance, &binding.instance) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => binding.contact.uri.matches(&contact.uri),
            };
            if changed.iter().any(|binding| is_same(binding) && overtaken(binding)) {
                return Err(Refusal::Status(StatusCode::SERVER_INTERNAL_ERROR));
            }
            changed.retain(|binding| !is_same(binding));
            if expires == 0 {
                continue;
            }
            if !matches!(&contact.uri, Uri::Sip(_)) {
                return Err(bad);
            }
            changed.push(Binding {
                instance: instance.clone(),
                contact,
                flow: from.clone(),
                path: path.clone(),
                until: now + Duration::from_secs(u64::from(expires.min(config.max_expires))),
                call_id: call_id.clone(),
                cseq,
            });
        }
        let others = self.count.saturating_sub(self.users.get(user).map_or(0, Vec::len));
        if changed.len() > config.bindings_per_user || others.saturating_add(changed.len()) > config.bindings {
            return Err(Refusal::Status(StatusCode::SERVICE_UNAVAILABLE));
        }
        self.put(user, changed);
        Ok(())
    }

    /// A connection has ended, and with it what was reached over it.
    pub(super) fn flow_closed(&mut self, connection: ConnectionId) {
        if !self.flows.contains(&connection) {
            return;
        }
        self.retain(|binding| binding.flow.connection != Some(connection));
    }

    /// Forgets what has expired.
    pub(super) fn expire(&mut self, now: Instant) {
        self.retain(|binding| binding.until > now);
    }

    /// When the next one expires.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.wake
    }

    fn put(&mut self, user: &str, bindings: Vec<Binding>) {
        if bindings.is_empty() {
            self.users.remove(user);
        } else {
            self.users.insert(user.to_owned(), bindings);
        }
        self.reindex();
    }

    fn retain(&mut self, keep: impl Fn(&Binding) -> bool) {
        self.users.retain(|_, bindings| {
            bindings.retain(&keep);
            !bindings.is_empty()
        });
        self.reindex();
    }

    fn reindex(&mut self) {
        self.count = self.users.values().map(Vec::len).sum();
        self.sources = self.users.values().flatten().map(|it| it.flow.address.ip().to_canonical()).collect();
        self.flows = self.users.values().flatten().filter_map(|binding| binding.flow.connection).collect();
        self.wake = self.users.values().flatten().map(|binding| binding.until).min();
    }
}

/// The instance and flow that a Contact names (RFC 5626 section 4.2).
fn instance(contact: &NameAddr) -> Option<(String, String)> {
    let instance = contact.params.value("+sip.instance")?;
    let flow = contact.params.value("reg-id").unwrap_or_default();
    Some((instance.to_owned(), flow.to_owned()))
}
