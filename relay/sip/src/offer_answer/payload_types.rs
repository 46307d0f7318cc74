use super::codec::Codec;

const DYNAMIC: std::ops::RangeInclusive<u8> = 96..=127;

/// Which payload types have been used for what. Within a session a number never changes its meaning
/// (RFC 3264 §8.3.2), even after its codec was dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct PayloadTypes {
    /// At most one entry per number, so at most 128.
    used: Vec<Codec>,
}

impl PayloadTypes {
    /// Numbers the codecs for an offer: the number each had before, else the one it prefers, else a free
    /// one. A codec for which no number is left is dropped.
    pub(super) fn assign(&mut self, codecs: &[Codec]) -> Vec<Codec> {
        codecs
            .iter()
            .filter_map(|codec| {
                let number = self.number_for(codec)?;
                let numbered = codec.clone().with_payload_type(number);
                self.remember(&numbered);
                Some(numbered)
            })
            .collect()
    }

    /// Notes what a number stands for from now on.
    pub(super) fn remember(&mut self, codec: &Codec) {
        if !self.is_used(codec.payload_type) {
            self.used.push(codec.clone());
        }
    }

    fn number_for(&self, codec: &Codec) -> Option<u8> {
        let former = self.used.iter().find(|used| used.is_same(codec));
        if let Some(former) = former {
            return Some(former.payload_type);
        }
        let preferred = codec.payload_type;
        if preferred < 128 && !self.is_used(preferred) {
            return Some(preferred);
        }
        DYNAMIC.into_iter().find(|number| !self.is_used(*number))
    }

    fn is_used(&self, number: u8) -> bool {
        self.used.iter().any(|used| used.payload_type == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(codecs: &[Codec]) -> Vec<u8> {
        codecs.iter().map(|codec| codec.payload_type).collect()
    }

    #[test]
    fn a_codec_keeps_its_number_and_another_never_gets_it() {
        let mut types = PayloadTypes::default();
        types.remember(&Codec::opus().with_payload_type(101));
        let assigned = types.assign(&[Codec::telephone_event(8000), Codec::opus()]);
        assert_eq!(numbers(&assigned), [96, 101]);
    }

    #[test]
    fn two_codecs_that_prefer_one_number_get_two() {
        let mut types = PayloadTypes::default();
        let assigned = types.assign(&[Codec::new(96, "a", 8000), Codec::new(96, "b", 8000)]);
        assert_eq!(numbers(&assigned), [96, 97]);
    }

    #[test]
    fn a_codec_without_a_number_left_is_dropped() {
        let mut types = PayloadTypes::default();
        let many: Vec<_> = (0..40).map(|n| Codec::new(96, format!("c{n}"), 8000)).collect();
        assert_eq!(types.assign(&many).len(), 32);
    }
}
