use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// The most values one key takes.
const MOST: usize = 16;

/// One text or a list of them: `"192.0.2.1:5060"` or `["192.0.2.1:5060", "[2001:db8::1]:5060"]`.
#[derive(Debug, Default)]
pub(super) struct Listed(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Listed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Listed, E> {
                Ok(Listed(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Listed, A::Error> {
                let mut listed = Vec::new();
                while let Some(text) = texts.next_element()? {
                    if listed.len() >= MOST {
                        return Err(A::Error::custom(format!("no more than {MOST} values are taken")));
                    }
                    listed.push(text);
                }
                Ok(Listed(listed))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}
