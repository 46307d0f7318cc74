//! What a registrar recognises an account's registrations by when their addresses change: `+sip.instance`
//! (RFC 5626 section 4.1).

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use super::account::SipAccount;

/// The instances in use. An account whose session is opened again gets the one it had, so that the registrar puts the new
/// binding in place of the old; one that is there twice at once gets two, so that both are called.
#[derive(Debug, Default)]
pub(super) struct Instances {
    taken: HashMap<String, BTreeSet<u32>>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    account: String,
    number: u32,
}

impl Instances {
    /// The first that is free for this account.
    pub(super) fn take(&mut self, account: &SipAccount) -> Instance {
        let account = format!("{} {:?} {}", account.address_of_record(), account.protocol, account.next_hop);
        let taken = self.taken.entry(account.clone()).or_default();
        let number = (0..=u32::MAX).find(|number| !taken.contains(number)).unwrap_or_default();
        taken.insert(number);
        Instance { account, number }
    }

    /// It is free again.
    pub(super) fn give_back(&mut self, instance: &Instance) {
        if let Some(taken) = self.taken.get_mut(&instance.account) {
            taken.remove(&instance.number);
            if taken.is_empty() {
                self.taken.remove(&instance.account);
            }
        }
    }
}

impl Instance {
    /// Its name, the same each time on a relay that peers know by this name. UUIDs of version 8 (RFC 9562 section 5.8)
    /// may be made of a hash.
    pub(super) fn urn(&self, relay: &str) -> String {
        let hash = Sha256::digest(format!("offhook {relay} {} {}", self.account, self.number));
        let mut bytes: Vec<u8> = hash.iter().copied().take(16).collect();
        for (place, byte) in bytes.iter_mut().enumerate() {
            match place {
                6 => *byte = (*byte & 0x0f) | 0x80,
                8 => *byte = (*byte & 0x3f) | 0x80,
                _ => {}
            }
        }
        let mut urn = "urn:uuid:".to_owned();
        for (place, byte) in bytes.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                urn.push('-');
            }
            urn.push_str(&format!("{byte:02x}"));
        }
        urn
    }
}

#[cfg(test)]
mod tests {
    use offhook_protocol::request::OpenSip;

    use super::*;

    fn account(login: &str) -> SipAccount {
        let open = OpenSip { login: login.into(), domain: "pbx.example".into(), ..OpenSip::default() };
        SipAccount::parse(&open).unwrap()
    }

    #[test]
    fn an_account_that_comes_back_gets_the_instance_it_had() {
        let mut instances = Instances::default();
        let first = instances.take(&account("alice"));
        let beside = instances.take(&account("alice"));
        let urns = [first.urn("relay"), beside.urn("relay"), instances.take(&account("bob")).urn("relay")];
        assert!(urns[0] != urns[1] && urns[0] != urns[2]);
        instances.give_back(&first);
        assert_eq!(instances.take(&account("alice")).urn("relay"), urns[0]);
    }

    #[test]
    fn another_relay_has_other_instances() {
        let instance = Instances::default().take(&account("alice"));
        assert_ne!(instance.urn("192.0.2.1:5060"), instance.urn("192.0.2.2:5060"));
    }

    #[test]
    fn the_name_is_a_uuid() {
        let urn = Instances::default().take(&account("alice")).urn("relay");
        let parts: Vec<&str> = urn.strip_prefix("urn:uuid:").unwrap().split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('8') && parts[3].starts_with(['8', '9', 'a', 'b']), "{urn}");
        assert!(urn["urn:uuid:".len()..].chars().all(|c| c == '-' || c.is_ascii_hexdigit()));
    }

    #[test]
    fn nothing_is_kept_of_accounts_that_are_gone() {
        let mut instances = Instances::default();
        let instance = instances.take(&account("alice"));
        instances.give_back(&instance);
        assert!(instances.taken.is_empty());
    }
}
