//! offhook-sdk
