//! `cargo xtask bench`: how fast, and compared with whom.

use crate::build::checked;
use crate::process;
use crate::step::Step;

pub(crate) const STEPS: [Step; 2] = [
    Step {
        name: "sip",
        about: "parsing SIP messages, beside other parsers",
        needs: &[],
        run: |workspace| checked(process::run(workspace.cargo("bench").args(["--package", "offhook-sip"]))),
    },
    Step {
        name: "media",
        about: "forwarding media packets",
        needs: &[],
        run: |workspace| checked(process::run(workspace.cargo("bench").args(["--package", "offhook-media"]))),
    },
];
