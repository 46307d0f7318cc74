//! The same types for TypeScript, in a committed file that a test holds against the Rust ones.

use crate::event::*;
use crate::quality::*;
use crate::reply::*;
use crate::request::*;
use crate::*;
use std::fs;
use ts_rs::{Config, TS};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bindings/protocol.ts");
const HEAD: &str = "// The messages of the offhook.v1 WebSocket subprotocol.\n\
    // Made from the Rust types of offhook-protocol; `UPDATE_BINDINGS=1 cargo test -p offhook-protocol` writes it anew.\n";

fn declaration<T: TS>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    // `Reply` is renamed for its `type` on the wire, and the generator takes that for the type's name.
    let declaration = T::decl(config).replacen("type reply ", "type Reply ", 1);
    format!("\n{docs}export {declaration}\n")
}

macro_rules! declarations {
    ($config:expr, $($name:ty),+ $(,)?) => { [HEAD.to_owned(), $(declaration::<$name>($config)),+].concat() };
}

fn bindings() -> String {
    // Ports and sequence numbers stay far below 2^53.
    let config = Config::new().with_large_int("number");
    declarations!(
        &config,
        Request,
        RequestBody,
        Hello,
        OpenSip,
        OpenLocal,
        Resume,
        Close,
        Ping,
        StartCall,
        CallRef,
        AnswerCall,
        CallAnswerSdp,
        CallOfferSdp,
        HoldCall,
        TransferCall,
        DtmfMethod,
        SendDtmf,
        SendData,
        SendMessage,
        BugReport,
        DebugSession,
        Reply,
        Outcome,
        ReplyBody,
        Welcome,
        SessionOpened,
        LiveCall,
        CallStats,
        Figures,
        LegFigures,
        WayFigures,
        StreamFigures,
        Diversion,
        Done,
        Event,
        EventBody,
        Registration,
        IncomingCall,
        CallStatusChanged,
        CallSdp,
        SdpKind,
        DtmfReceived,
        Transfer,
        PartyChanged,
        CallQuality,
        Quality,
        End,
        QualityCause,
        AppData,
        MessageReceived,
        MessageStatus,
        MessageWaiting,
        DebugChanged,
        SessionClosed,
        Failure,
        ErrorCode,
        CallStatus,
        RegistrationState,
        TransferStatus,
        Header,
        Secret,
    )
}

#[test]
fn the_committed_types_are_those_of_the_rust_ones() {
    let made = bindings();
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        fs::write(FILE, &made).unwrap();
    }
    let committed = fs::read_to_string(FILE).unwrap_or_default();
    assert_eq!(committed, made, "run UPDATE_BINDINGS=1 cargo test -p offhook-protocol and commit bindings/protocol.ts");
}
