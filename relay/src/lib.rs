//! offhook-relay
