//! offhook-protocol
