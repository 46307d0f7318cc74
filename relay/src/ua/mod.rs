//! The SIP side on top of `offhook-sip`: accounts, registrations, SIP legs and inbound dispatch.
//!
//! [`UserAgent`] is sans-I/O: messages, lookups and the time come in, [`UaOutput`]s come out. [`transport`] holds the
//! sockets and is the only part with I/O. What a leg does is asked and told in the core's terms
//! ([`crate::call::LegCommand`], [`crate::call::LegEvent`]); no other part of the relay sees SIP.

mod account;
mod accounts;
mod agent;
mod alarms;
mod attachment;
mod description;
mod dispatch;
mod doorstep;
mod extras;
mod flows;
mod hop;
mod identity;
mod instance;
mod leg;
mod legs;
mod locals;
mod mailboxes;
mod media_policy;
mod message_summary;
mod messages;
mod outbox;
mod pictures;
mod policy;
mod qualify;
mod reason;
mod refer;
mod registrar;
mod registration;
mod replaces;
mod sound;
mod strangers;
mod strays;
mod subscription;
pub mod transport;
mod trunks;
mod users;

#[cfg(test)]
mod tests;

use std::time::Duration;

use offhook_media::{Command, LegId};
use offhook_protocol::event::MessageWaiting;
use offhook_protocol::{Failure, RegistrationState};
use offhook_sip::locate::Query;
use offhook_sip::transaction::{Timing, Transmit};

use crate::call::{Description, Extras, Identity, LegEvent};
use crate::config::{Destinations, TrunkId};
use crate::webrtc::Transport;

pub use account::{Protocol, SipAccount};
pub use agent::UserAgent;
pub use attachment::{MediaKind, MediaLocal};
pub use locals::Local;
pub use media_policy::{IcePolicy, MediaPolicy, SrtpPolicy};
pub use messages::{MAX_TEXT, MessageId};
pub use policy::{CallPolicy, Reliable};
pub use qualify::TrunkState;
pub use refer::{Asked, ReferredTo};
pub use users::Phone;

/// Names an account for as long as its session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub u64);

/// Names a lookup of a host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupId(pub u64);

/// Who sent a call, as far as the relay can vouch for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Whoever knows the Contact of this account: its server.
    Account(AccountId),
    /// A trunk.
    Trunk(TrunkId),
    /// A user of the relay's own, who has proved it.
    User(String),
    /// Anybody.
    Stranger,
}

impl Source {
    /// The user of the relay's own.
    fn user(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(user),
            Self::Account(_) | Self::Trunk(_) | Self::Stranger => None,
        }
    }
}

/// How the SIP side presents itself and how patient it is.
#[derive(Clone, Debug)]
pub struct UaConfig {
    /// The addresses peers reach us at, the most preferred of each protocol first.
    pub locals: Vec<Local>,
    /// The `User-Agent` and `Server` headers.
    pub user_agent: String,
    /// What is said of media, where a trunk has nothing else of its own.
    pub media: MediaPolicy,
    /// How long a registration is asked for, in seconds.
    pub expires: u32,
    /// How calls are made and taken.
    pub calls: CallPolicy,
    /// The base times of transactions.
    pub timing: Timing,
    /// Where requests may go on a peer's word: a redirection, a Service-Route.
    pub destinations: Destinations,
    /// Whether registrations ask for a GRUU (RFC 5627).
    pub gruu: bool,
    /// Whether a registration's Contact follows what the server sees of us (RFC 3581).
    pub nat: bool,
    /// How often the way to a registrar over UDP is kept open; `None` where it stays open by itself.
    pub keep_alive: Option<Duration>,
}

/// What the user agent wants done or known.
#[derive(Debug)]
pub enum UaOutput {
    /// Something happened at a SIP leg.
    Leg(LegId, LegEvent),
    /// Tell the media worker of the leg that the command names.
    Media(LegId, Command),
    /// Send this.
    Transmit(Transmit),
    /// Ask the DNS, and say what was found with [`UserAgent::resolved`].
    Lookup {
        /// The lookup.
        id: LookupId,
        /// The question.
        query: Query,
    },
    /// Somebody calls. The relay attaches media ([`UserAgent::media_kind`]) and answers with leg commands.
    Incoming {
        /// The user agent's name for the leg; its top bit is set, so that it never meets one of the relay's.
        leg: LegId,
        /// Who sent it.
        source: Source,
        /// The number or user that is called.
        dialled: String,
        /// Who calls, and who is called.
        identities: (Identity, Identity),
        /// What the caller can do; `None` when it offers nothing yet.
        offer: Option<Description>,
        /// The headers that the app may see.
        extras: Extras,
        /// The leg whose place the caller takes (RFC 3891).
        replaces: Option<LegId>,
    },
    /// A client in a page asks for another connection of its leg's media. The relay attaches it, if it can; what the
    /// client asks of the call besides comes after this.
    Reconnect {
        /// The leg.
        leg: LegId,
        /// What is to become of its connection.
        transport: Transport,
    },
    /// The peer of a leg asks for a transfer: [`UserAgent::answer_refer`] says whether it is made.
    Refer {
        /// The leg.
        leg: LegId,
        /// Whom it leads to.
        to: ReferredTo,
        /// What the peer said, for the INVITE.
        asked: Asked,
    },
    /// A peer sends a text. It is answered with [`UserAgent::answer_message`].
    Message {
        /// Its name.
        message: MessageId,
        /// Who sent it, as far as the relay knows.
        source: Source,
        /// The number it is for.
        dialled: String,
        /// Who sends it, as it says.
        from: Identity,
        /// The text.
        text: String,
    },
    /// What became of a text that was sent.
    MessageSent {
        /// Whose it was.
        account: AccountId,
        /// Its name.
        message: MessageId,
        /// Why nobody took it.
        failure: Option<Failure>,
    },
    /// An account's mailbox changed.
    Waiting {
        /// Whose.
        account: AccountId,
        /// What waits in it.
        waiting: MessageWaiting,
    },
    /// A registration changed.
    Registration {
        /// Whose.
        account: AccountId,
        /// How it is now.
        state: RegistrationState,
        /// Why it failed.
        failure: Option<Failure>,
    },
}

/// What the SIP side holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UaCounts {
    /// Accounts of sessions.
    pub accounts: usize,
    /// Bindings of the relay's own users.
    pub bindings: usize,
    /// Requests of strangers that were met with silence, since the start.
    pub strangers_ignored: u64,
    /// Legs.
    pub legs: usize,
    /// Transactions, those that only wait for stragglers included.
    pub transactions: usize,
}
