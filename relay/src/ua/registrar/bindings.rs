//! Where users can be reached: bindings of addresses of record to Contacts (RFC 3261 section 10.3).

use std::collections::{BTreeSet, HashMap, HashSet};
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

/// All bindings, so that a REGISTER or the end of a connection costs what its users have, however many others there are.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    /// By user, the one renewed last at the end.
    users: HashMap<String, Vec<Binding>>,
    count: usize,
    /// Whence they were made, and how many.
    sources: HashMap<IpAddr, usize>,
    /// Whose were made over which connections.
    flows: HashMap<ConnectionId, HashSet<String>>,
    /// When the first of each user's expires.
    due: BTreeSet<(Instant, String)>,
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
        self.sources.contains_key(&source.to_canonical())
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
        for user in self.flows.remove(&connection).unwrap_or_default() {
            self.retain(&user, |binding| binding.flow.connection != Some(connection));
        }
    }

    /// Forgets what has expired.
    pub(super) fn expire(&mut self, now: Instant) {
        while self.poll_timeout().is_some_and(|at| at <= now)
            && let Some((_, user)) = self.due.pop_first()
        {
            self.retain(&user, |binding| binding.until > now);
        }
    }

    /// When the next one expires.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    fn retain(&mut self, user: &str, keep: impl Fn(&Binding) -> bool) {
        let kept = self.users.get(user).into_iter().flatten().filter(|binding| keep(binding)).cloned().collect();
        self.put(user, kept);
    }

    /// Puts these in place of the user's.
    fn put(&mut self, user: &str, bindings: Vec<Binding>) {
        let former = self.users.remove(user).unwrap_or_default();
        if let Some(at) = first_end(&former) {
            self.due.remove(&(at, user.to_owned()));
        }
        for Binding { flow, .. } in &former {
            let source = flow.address.ip().to_canonical();
            let left = self.sources.get(&source).map_or(0, |count| count.saturating_sub(1));
            match left {
                0 => self.sources.remove(&source),
                left => self.sources.insert(source, left),
            };
            if let Some(connection) = flow.connection
                && let Some(users) = self.flows.get_mut(&connection)
            {
                users.remove(user);
                if users.is_empty() {
                    self.flows.remove(&connection);
                }
            }
        }
        self.due.extend(first_end(&bindings).map(|at| (at, user.to_owned())));
        for Binding { flow, .. } in &bindings {
            let count = self.sources.entry(flow.address.ip().to_canonical()).or_default();
            *count = count.saturating_add(1);
            if let Some(connection) = flow.connection {
                self.flows.entry(connection).or_default().insert(user.to_owned());
            }
        }
        self.count = self.count.saturating_sub(former.len()).saturating_add(bindings.len());
        if !bindings.is_empty() {
            self.users.insert(user.to_owned(), bindings);
        }
    }
}

/// When the first of a user's bindings expires.
fn first_end(bindings: &[Binding]) -> Option<Instant> {
    bindings.iter().map(|binding| binding.until).min()
}

/// The instance and flow that a Contact names (RFC 5626 section 4.2).
fn instance(contact: &NameAddr) -> Option<(String, String)> {
    let instance = contact.params.value("+sip.instance")?;
    let flow = contact.params.value("reg-id").unwrap_or_default();
    Some((instance.to_owned(), flow.to_owned()))
}

#[cfg(test)]
mod tests;
