//! The bits of a frame, Table 8/G.729 and Table B.2/G.729: most significant bit first.

/// A number that `BITS` bits of a frame carried, so never more than they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Index<const BITS: u32>(u16);

impl<const BITS: u32> Index<BITS> {
    /// The number itself, with what does not fit cut off.
    pub(crate) const fn new(value: usize) -> Self {
        Self((value & ((1 << BITS) - 1)) as u16)
    }

    /// The number, below 2^`BITS`.
    pub(crate) fn get(self) -> usize {
        usize::from(self.0)
    }

    /// The entry of a table that has one for every value.
    pub(crate) fn of<T, const LENGTH: usize>(self, table: &[T; LENGTH]) -> &T {
        const { assert!(LENGTH == 1 << BITS, "the table has an entry for every value") };
        &table[self.get()]
    }
}

/// Which vectors make the line spectral frequencies, §3.2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LsfIndices {
    /// L0: the predictor.
    pub(crate) predictor: Index<1>,
    /// L1: the first stage.
    pub(crate) first: Index<7>,
    /// L2: the second stage of the lower five.
    pub(crate) low: Index<5>,
    /// L3: the second stage of the upper five.
    pub(crate) high: Index<5>,
}

/// The innovation and gains of a subframe: C, S, GA, GB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Innovation {
    pub(crate) positions: Index<13>,
    pub(crate) signs: Index<4>,
    pub(crate) gain_first: Index<3>,
    pub(crate) gain_second: Index<4>,
}

/// What the ten octets of a speech frame say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Speech {
    pub(crate) lsf: LsfIndices,
    /// P1: the lag of the first subframe.
    pub(crate) lag_first: Index<8>,
    /// P0: guards the lag of the first subframe.
    pub(crate) parity: Index<1>,
    /// P2: the lag of the second subframe, seen from the first.
    pub(crate) lag_second: Index<5>,
    pub(crate) innovation: [Innovation; 2],
}

impl Speech {
    /// Takes a frame apart. Every frame means something.
    pub(crate) fn unpack(octets: &[u8; 10]) -> Self {
        let mut bits = Reader::new(octets);
        let lsf = LsfIndices { predictor: bits.take(), first: bits.take(), low: bits.take(), high: bits.take() };
        let (lag_first, parity) = (bits.take(), bits.take());
        let first = bits.innovation();
        let lag_second = bits.take();
        Self { lsf, lag_first, parity, lag_second, innovation: [first, bits.innovation()] }
    }

    /// The ten octets that say this.
    pub(crate) fn pack(&self) -> [u8; 10] {
        let mut bits = Writer::default();
        let LsfIndices { predictor, first, low, high } = self.lsf;
        bits.put(predictor).put(first).put(low).put(high);
        bits.put(self.lag_first).put(self.parity).innovation(&self.innovation[0]);
        bits.put(self.lag_second).innovation(&self.innovation[1]);
        let [.., a, b, c, d, e, f, g, h, i, j] = bits.bits.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j]
    }

    /// Whether the lag of the first subframe came through whole, §4.1.2 and §3.7.2.
    pub(crate) fn parity_holds(&self) -> bool {
        parity(self.lag_first) == self.parity
    }
}

/// P0: makes the number of ones in it and the six most significant bits of P1 odd, §3.7.2.
pub(crate) fn parity(lag: Index<8>) -> Index<1> {
    Index::new(1 ^ ((lag.get() >> 2).count_ones() as usize & 1))
}

/// What the two octets of a silence descriptor say, §B.4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) predictor: Index<1>,
    pub(crate) first: Index<5>,
    pub(crate) second: Index<4>,
    pub(crate) gain: Index<5>,
}

impl Silence {
    /// Takes a descriptor apart; the sixteenth bit carries nothing (RFC 3551 §4.5.6).
    pub(crate) fn unpack(octets: &[u8; 2]) -> Self {
        let mut bits = Reader::new(octets);
        Self { predictor: bits.take(), first: bits.take(), second: bits.take(), gain: bits.take() }
    }
}

impl Silence {
    /// The two octets that say this.
    pub(crate) fn pack(&self) -> [u8; 2] {
        let mut bits = Writer::default();
        bits.put(self.predictor).put(self.first).put(self.second).put(self.gain).put(Index::<1>::new(0));
        let [.., a, b] = bits.bits.to_be_bytes();
        [a, b]
    }
}

/// Puts bits behind one another.
#[derive(Default)]
struct Writer {
    bits: u128,
}

impl Writer {
    fn put<const BITS: u32>(&mut self, index: Index<BITS>) -> &mut Self {
        self.bits = (self.bits << BITS) | u128::from(index.0);
        self
    }

    fn innovation(&mut self, innovation: &Innovation) {
        let Innovation { positions, signs, gain_first, gain_second } = *innovation;
        self.put(positions).put(signs).put(gain_first).put(gain_second);
    }
}

/// Takes bits from the front.
struct Reader {
    /// What is left, the next bit at the top.
    bits: u128,
}

impl Reader {
    fn new(octets: &[u8]) -> Self {
        let bits = octets.iter().fold(0, |bits, &octet| (bits << 8) | u128::from(octet));
        Self { bits: bits << (128 - 8 * octets.len()) }
    }

    fn take<const BITS: u32>(&mut self) -> Index<BITS> {
        let taken = self.bits >> (128 - BITS);
        self.bits <<= BITS;
        Index::new(taken as usize)
    }

    fn innovation(&mut self) -> Innovation {
        Innovation { positions: self.take(), signs: self.take(), gain_first: self.take(), gain_second: self.take() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_table_8_has_them() {
        // One bit set at the end of each field in turn: 1, 8, 13, 18, 26, 27, 40, ... of 80.
        let frame = |bit: u32| (1u128 << (80 - bit)).to_be_bytes()[6..].try_into().unwrap();
        assert_eq!(Speech::unpack(&frame(1)).lsf.predictor.get(), 1);
        assert_eq!(Speech::unpack(&frame(8)).lsf.first.get(), 1);
        assert_eq!(Speech::unpack(&frame(13)).lsf.low.get(), 1);
        assert_eq!(Speech::unpack(&frame(18)).lsf.high.get(), 1);
        assert_eq!(Speech::unpack(&frame(26)).lag_first.get(), 1);
        assert_eq!(Speech::unpack(&frame(27)).parity.get(), 1);
        assert_eq!(Speech::unpack(&frame(40)).innovation[0].positions.get(), 1);
        assert_eq!(Speech::unpack(&frame(44)).innovation[0].signs.get(), 1);
        assert_eq!(Speech::unpack(&frame(47)).innovation[0].gain_first.get(), 1);
        assert_eq!(Speech::unpack(&frame(51)).innovation[0].gain_second.get(), 1);
        assert_eq!(Speech::unpack(&frame(56)).lag_second.get(), 1);
        assert_eq!(Speech::unpack(&frame(69)).innovation[1].positions.get(), 1);
        assert_eq!(Speech::unpack(&frame(80)).innovation[1].gain_second.get(), 1);
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for seed in 0..2000u128 {
            let octets = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
            let (speech, silence) = (octets[..10].try_into().unwrap(), [octets[0], octets[1] & 0xfe]);
            assert_eq!(Speech::unpack(&speech).pack(), speech);
            assert_eq!(Silence::unpack(&silence).pack(), silence);
        }
    }

    #[test]
    fn parity_guards_the_six_upper_bits_of_the_lag() {
        assert_eq!(parity(Index::new(0)).get(), 1);
        assert_eq!(parity(Index::new(3)).get(), 1);
        assert_eq!(parity(Index::new(4)).get(), 0);
        assert_eq!(parity(Index::new(255)).get(), 1);
    }
}
