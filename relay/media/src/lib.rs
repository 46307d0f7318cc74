//! offhook-media
