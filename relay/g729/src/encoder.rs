//! The encoder: §3 as Annex A simplifies it, and Annex B where pauses are to cost less.

use crate::analysis::{Analyser, WINDOW, levinson};
use crate::bits::{Innovation, LsfIndices, Speech, parity};
use crate::dtx::{Dtx, Pause};
use crate::excitation::Excitation;
use crate::filter::{HighPass, Memory, Predictor, dot, residual, synthesis, tail, widened};
use crate::frame::Frame;
use crate::gain::{self, Forecast};
use crate::lag::Lag;
use crate::lsf::{self, History, cosines, flat};
use crate::lsp::{self, Pairs, between};
use crate::open_loop::{OpenLoop, WEIGHTING};
use crate::pulse_search::{backward, forward};
use crate::pulses::{sharpen, sharpening};
use crate::taming::Taming;
use crate::{FRAME, ORDER, SUBFRAME, gain_search, lag_search, lsf_search, pulse_search, roots};

/// Frames of a packet; of a longer one each part counts as a packet.
const PACKET: usize = 12;

/// Where the frame that is coded begins in the window.
const CODED: usize = 120;

/// Turns speech into frames. What it gives is five milliseconds behind what it got: it looks that far ahead.
#[derive(Debug, Clone)]
pub struct Encoder {
    high_pass: HighPass,
    analyser: Analyser,
    window: [f32; WINDOW],
    /// The pairs of the last frame, as its filter had them and as they were told.
    exact: Pairs,
    told: Pairs,
    history: History,
    open_loop: OpenLoop,
    coder: Coder,
    pauses: Option<Dtx>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder whose every frame is [`Frame::Speech`].
    #[must_use]
    pub fn new() -> Self {
        let flat = cosines(&flat());
        Self {
            high_pass: HighPass::before(),
            analyser: Analyser::new(),
            window: [0.0; WINDOW],
            exact: flat,
            told: flat,
            history: History::new(),
            open_loop: OpenLoop::new(),
            coder: Coder::new(),
            pauses: None,
        }
    }

    /// An encoder that says of pauses only what they are like (Annex B). Only for peers that agreed to it: in session
    /// descriptions, that is what `annexb` is about (RFC 4856 §2.1.9).
    #[must_use]
    pub fn with_silence_compression() -> Self {
        Self { pauses: Some(Dtx::new()), ..Self::new() }
    }

    /// Codes ten milliseconds.
    pub fn encode(&mut self, speech: &[i16; FRAME]) -> Frame {
        self.code(speech, Place::Free)
    }

    /// Codes the frames of a packet, and gives them to `put` in turn. A packet can say nothing behind a silence
    /// descriptor (RFC 3551 §4.5.6): it has no second one, and where a voice begins in the middle of it, all of it
    /// counts as speech.
    pub fn encode_packet(&mut self, sound: &[[i16; FRAME]], mut put: impl FnMut(Frame)) {
        for sound in sound.chunks(PACKET) {
            let before = self.pauses.is_some().then(|| self.clone());
            let mut coded = [Frame::Untransmitted; PACKET];
            let mut place = Place::Free;
            for (coded, sound) in coded.iter_mut().zip(sound) {
                *coded = self.code(sound, place);
                if matches!(coded, Frame::Sid(_)) {
                    place = Place::BehindDescriptor;
                }
            }
            let coded = &coded[..sound.len()];
            let is_speech = |frame: &Frame| matches!(frame, Frame::Speech(_));
            match before {
                Some(before) if !coded.is_sorted_by_key(|frame| !is_speech(frame)) => {
                    *self = before;
                    sound.iter().for_each(|sound| put(self.code(sound, Place::InSpeech)));
                }
                _ => coded.iter().for_each(|&frame| put(frame)),
            }
        }
    }

    fn code(&mut self, speech: &[i16; FRAME], place: Place) -> Frame {
        self.window.copy_within(FRAME.., 0);
        for (sample, &new) in self.window[WINDOW - FRAME..].iter_mut().zip(speech) {
            *sample = self.high_pass.run(f32::from(new));
        }
        let correlations = self.analyser.correlate(&self.window);
        let prediction = levinson(&correlations);
        self.exact = roots::pairs(&prediction.a).unwrap_or(self.exact);
        let frequencies = self.exact.map(f32::acos);

        if let Some(dtx) = &mut self.pauses {
            let (_, frame) = self.window[..CODED + FRAME].split_at(CODED);
            let voice = dtx.hears_voice(&correlations, &prediction, &frequencies, frame);
            if !voice && place != Place::InSpeech {
                let pause = dtx.pause(self.analyser.energy(), place == Place::Free, &mut self.history);
                return self.pause(&pause);
            }
            dtx.speech();
        }
        let lsf = lsf_search::search(&frequencies, &self.history);
        let told = lsf::decode(&lsf, &mut self.history);
        let filters = self.filters(cosines(&told));
        self.speech(lsf, &filters)
    }

    fn speech(&mut self, lsf: LsfIndices, filters: &[Predictor; 2]) -> Frame {
        let left = self.left(filters);
        self.open_loop.push(&left, filters);
        let open_loop = self.open_loop.lag();

        let mut first = None;
        let innovation = [0, 1].map(|number| {
            let near = first.map_or(Near::OpenLoop(open_loop), Near::First);
            let (lag, innovation) = self.coder.subframe(&filters[number], &left[number], near);
            first.get_or_insert(lag);
            (lag, innovation)
        });
        let [(first, first_innovation), (second, second_innovation)] = innovation;
        let lag_first = first.told_first();
        let frame = Speech {
            lsf,
            lag_first,
            parity: parity(lag_first),
            lag_second: second.told_second(first),
            innovation: [first_innovation, second_innovation],
        };
        Frame::Speech(frame.pack())
    }

    /// A frame of a pause: the encoder goes through what the decoder will make of it.
    fn pause(&mut self, pause: &Pause) -> Frame {
        let filters = self.filters(pause.pairs);
        let left = self.left(&filters);
        self.open_loop.push(&left, &filters);
        if let Some(dtx) = &mut self.pauses {
            for (a, left) in filters.iter().zip(&left) {
                let excitation = dtx.excitation(&mut self.coder.excitation);
                self.coder.pause(a, left, &excitation);
            }
        }
        pause.frame
    }

    /// The filters of both subframes.
    fn filters(&mut self, told: Pairs) -> [Predictor; 2] {
        let middle = between(&self.told, &told);
        self.told = told;
        [lsp::predictor(&middle), lsp::predictor(&told)]
    }

    /// What prediction leaves of both subframes.
    fn left(&self, filters: &[Predictor; 2]) -> [[f32; SUBFRAME]; 2] {
        std::array::from_fn(|number| {
            let begin = CODED + number * SUBFRAME;
            let before = std::array::from_fn(|i| self.window[begin - ORDER + i]);
            let speech = std::array::from_fn(|n| self.window[begin + n]);
            residual(&filters[number], &before, &speech)
        })
    }
}

/// Where in a packet a frame stands, and so what it can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where it can be anything.
    Free,
    /// Behind a silence descriptor: no other.
    BehindDescriptor,
    /// Before speech: nothing but speech.
    InSpeech,
}

/// What the lag of a subframe is looked for near.
#[derive(Clone, Copy)]
enum Near {
    OpenLoop(usize),
    First(Lag),
}

/// Codes subframes, and knows what the decoder makes of them.
#[derive(Debug, Clone)]
struct Coder {
    excitation: Excitation,
    forecast: Forecast,
    taming: Taming,
    /// How strongly the next codeword is sharpened.
    sharpening: f32,
    /// The last of what the decoder's speech is off by, weighted.
    error: Memory,
}

impl Coder {
    fn new() -> Self {
        Self {
            excitation: Excitation::silent(),
            forecast: Forecast::new(),
            taming: Taming::new(),
            sharpening: sharpening(0.0),
            error: [0.0; ORDER],
        }
    }

    /// The lag, code and gains of a subframe with this filter, of which prediction left so much.
    fn subframe(&mut self, a: &Predictor, left: &[f32; SUBFRAME], near: Near) -> (Lag, Innovation) {
        let weighting = widened(a, WEIGHTING);
        let mut impulse = [0.0; SUBFRAME];
        impulse[0] = 1.0;
        let response = synthesis(&weighting, &[0.0; ORDER], &impulse);
        let target = synthesis(&weighting, &self.error, left);

        self.excitation.foresee(left);
        let wanted = backward(&target, &response);
        let lag = match near {
            Near::OpenLoop(lag) => lag_search::first(lag, &wanted, &self.excitation),
            Near::First(lag) => lag_search::second(lag, &wanted, &self.excitation),
        };
        let past = self.excitation.adaptive(lag);
        let filtered_past = forward(&past, &response);
        let limit = self.taming.limit(lag);
        let energy = dot(&filtered_past, &filtered_past);
        let pitch = if energy > 0.0 { (dot(&target, &filtered_past) / energy).clamp(0.0, limit.min(1.2)) } else { 0.0 };

        let rest = std::array::from_fn(|n| target[n] - pitch * filtered_past[n]);
        let mut sharp_response = response;
        sharpen(&mut sharp_response, lag.whole(), self.sharpening);
        let pulses = pulse_search::search(&rest, &sharp_response);
        let mut code = pulses.vector();
        let filtered_code = forward(&code, &sharp_response);
        sharpen(&mut code, lag.whole(), self.sharpening);

        let parts = gain_search::Parts { target: &target, past: &filtered_past, code: &filtered_code };
        let (gain_first, gain_second) = gain_search::search(&parts, self.forecast.gain(&code), limit);
        let (positions, signs) = pulses.indices();
        let innovation = Innovation { positions, signs, gain_first, gain_second };
        let gains = gain::decode(&innovation, &code, &mut self.forecast);

        self.excitation.push(&std::array::from_fn(|n| gains.pitch * past[n] + gains.code * code[n]));
        self.taming.push(lag, gains.pitch);
        self.sharpening = sharpening(gains.pitch);
        self.error =
            tail(&std::array::from_fn(|n| target[n] - gains.pitch * filtered_past[n] - gains.code * filtered_code[n]));
        (lag, innovation)
    }

    /// A subframe that is replaced by noise.
    fn pause(&mut self, a: &Predictor, left: &[f32; SUBFRAME], excitation: &[f32; SUBFRAME]) {
        self.excitation.push(excitation);
        let off = std::array::from_fn(|n| left[n] - excitation[n]);
        self.error = tail(&synthesis(&widened(a, WEIGHTING), &self.error, &off));
        self.taming.forget();
        self.sharpening = sharpening(0.0);
    }
}
