//! RFC 4475, section by section: what each message is answered with.

use crate::Fate::{Answered, Registered, Silence};
use crate::{final_status, messages, phone};

messages! { "rfc4475", own_4475, "127.0.0.1:0",
    // Its To has a tag, and nobody here has such a dialog.
    wsinv "wsinv.dat" "3.1.1.1" Answered(481);
    intmeth "intmeth.dat" "3.1.1.2" Answered(501);
    // Who is called is read with its escapes: the user behind `sips:` is one of ours.
    esc01 "esc01.dat" "3.1.1.3" Answered(480);
    // Well-formed, so that who sends it is asked who that is; whose name it is, see below.
    escnull "escnull.dat" "3.1.1.4" Answered(401);
    // A percent sign in a method is a character like any other: this is no REGISTER.
    esc02 "esc02.dat" "3.1.1.5" Answered(501);
    lwsdisp "lwsdisp.dat" "3.1.1.6" Answered(200);
    longreq "longreq.dat" "3.1.1.7" Answered(480);
    // The REGISTER is answered, and what follows it in the datagram is nobody's request.
    dblreq "dblreq.dat" "3.1.1.8" Registered;
    semiuri "semiuri.dat" "3.1.1.9" Answered(200);
    transports "transports.dat" "3.1.1.10" Answered(200);
    // A MESSAGE may hold text, and not several parts.
    mpart01 "mpart01.dat" "3.1.1.11" Answered(415);
    // A response to nothing we asked is dropped, however well it reads (RFC 3261 section 17.1.3).
    unreason "unreason.dat" "3.1.1.12" Silence;
    noreason "noreason.dat" "3.1.1.13" Silence;
    // Its Via cannot be read, so the answer goes to where it came from.
    badinv01 "badinv01.dat" "3.1.2.1" Answered(400);
    clerr "clerr.dat" "3.1.2.2" Answered(400);
    ncl "ncl.dat" "3.1.2.3" Answered(400);
    // A request with a number out of range is refused, a response is dropped.
    scalar02 "scalar02.dat" "3.1.2.4" Answered(400);
    scalarlg "scalarlg.dat" "3.1.2.5" Silence;
    quotbal "quotbal.dat" "3.1.2.6" Answered(400);
    ltgtruri "ltgtruri.dat" "3.1.2.7" Answered(400);
    lwsruri "lwsruri.dat" "3.1.2.8" Answered(400);
    // 400 and forgiveness are both allowed for the next two; telephones are forgiven.
    lwsstart "lwsstart.dat" "3.1.2.9" Answered(480);
    trws "trws.dat" "3.1.2.10" Answered(200);
    escruri "escruri.dat" "3.1.2.11" Answered(400);
    // A Date is of no use to us, so a bad one does no harm.
    baddate "baddate.dat" "3.1.2.12" Answered(480);
    // Without angle brackets nobody can tell whose the part after the question mark is; nobody is asked for a password.
    regbadct "regbadct.dat" "3.1.2.13" Answered(400);
    // The spaces are forgiven and dropped.
    badaspec "badaspec.dat" "3.1.2.14" Answered(200);
    // Forgiving this one would mean guessing where the name begins.
    baddn "baddn.dat" "3.1.2.15" Answered(400);
    badvers "badvers.dat" "3.1.2.16" Answered(505);
    mismatch01 "mismatch01.dat" "3.1.2.17" Answered(400);
    mismatch02 "mismatch02.dat" "3.1.2.18" Answered(400);
    bigcode "bigcode.dat" "3.1.2.19" Silence;
    // Matched as in RFC 2543.
    badbranch "badbranch.dat" "3.2.1" Answered(200);
    insuf "insuf.dat" "3.3.1" Answered(400);
    unkscm "unkscm.dat" "3.3.2" Answered(416);
    novelsc "novelsc.dat" "3.3.3" Answered(416);
    // A registrar binds SIP addresses only, whoever asks.
    unksm2 "unksm2.dat" "3.3.4" Answered(400);
    bext01 "bext01.dat" "3.3.5" Answered(420);
    invut "invut.dat" "3.3.6" Answered(415);
    // A scheme that nobody knows is as good as none: it is asked for one that the registrar knows.
    regaut01 "regaut01.dat" "3.3.7" Registered;
    multi01 "multi01.dat" "3.3.8" Answered(400);
    mcl01 "mcl01.dat" "3.3.9" Answered(400);
    // It was meant for another hop (RFC 3261 section 8.1.3.3), and nothing is ever sent to a broadcast address.
    bcast "bcast.dat" "3.3.10" Silence;
    // The end of the path answers; only a proxy has to count.
    zeromf "zeromf.dat" "3.3.11" Answered(200);
    // The unknown parameter is the Contact's in the first, and the URI's in the second: so they are bound.
    cparam01 "cparam01.dat" "3.3.12" Registered;
    cparam02 "cparam02.dat" "3.3.13" Registered;
    // The Route stays a part of the URI: it does not lead the answer anywhere.
    regescrt "regescrt.dat" "3.3.14" Registered;
    sdp01 "sdp01.dat" "3.3.15" Answered(406);
    inv2543 "inv2543.dat" "3.4.1" Answered(480);
}

/// Section 3.1.1.4: a name is not cut off at its NUL, and so whoever is called what stands before it is somebody else.
#[test]
fn a_name_does_not_end_at_its_nul() {
    let message = crate::bytes("rfc4475", "escnull.dat", crate::own_4475::escnull);
    for user in ["null-", "a"] {
        let told = phone::asked_and_told(&crate::bench("127.0.0.1:0"), &message, user);
        assert_eq!(final_status(&told), Some(403), "what came back: {told:#?}");
    }
}
