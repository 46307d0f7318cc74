use std::str::FromStr;

/// Who makes a transfer that an app asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferBy {
    /// A SIP far end is asked to call the target by itself (REFER), where it can; else the relay joins the two.
    Refer,
    /// Always the relay.
    Relay,
}

impl FromStr for TransferBy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "refer" => Ok(Self::Refer),
            "relay" => Ok(Self::Relay),
            _ => Err(()),
        }
    }
}
