//! Which microphone or camera comes next.

/// A microphone or camera, as the browser lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Names it in constraints.
    pub id: String,
    /// The same for all parts of one piece of hardware.
    pub group: String,
}

/// The devices there are to choose from. Some browsers list the default and the communications device a second time
/// under those names: each counts once.
pub fn distinct(mut devices: Vec<Device>) -> Vec<Device> {
    devices.retain(|device| !matches!(device.id.as_str(), "" | "default" | "communications"));
    devices
}

/// The device after the one in use, and the first one after the last. `None` when there are fewer than two.
pub fn next<'a>(devices: &'a [Device], current: &Device) -> Option<&'a Device> {
    if devices.len() < 2 {
        return None;
    }
    let at = |matches: &dyn Fn(&Device) -> bool| devices.iter().position(matches);
    let same_hardware = |device: &Device| !device.group.is_empty() && device.group == current.group;
    let current = at(&|device| device.id == current.id).or_else(|| at(&same_hardware));
    let next = current.map_or(0, |index| index.saturating_add(1));
    devices.get(next).or_else(|| devices.first())
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    fn device(id: &str, group: &str) -> Device {
        Device { id: id.into(), group: group.into() }
    }

    fn three() -> Vec<Device> {
        vec![device("a", "1"), device("b", "2"), device("c", "3")]
    }

    #[test]
    fn the_next_device_follows_and_the_first_follows_the_last() {
        let devices = three();
        let after = |id| next(&devices, &device(id, "")).unwrap().id.clone();
        assert_eq!([after("a"), after("b"), after("c")], ["b", "c", "a"]);
    }

    #[test]
    fn a_device_used_under_another_name_is_known_by_its_hardware() {
        assert_eq!(next(&three(), &device("default", "2")).unwrap().id, "c");
    }

    #[test]
    fn from_a_device_that_is_gone_the_first_is_next() {
        assert_eq!(next(&three(), &device("gone", "9")).unwrap().id, "a");
    }

    #[test]
    fn one_device_has_no_next() {
        assert_eq!(next(&[device("a", "1")], &device("a", "1")), None);
        assert_eq!(next(&[], &device("a", "1")), None);
    }

    #[test]
    fn a_device_listed_twice_counts_once() {
        let listed = vec![device("default", "1"), device("communications", "1"), device("a", "1"), device("", "")];
        assert_eq!(distinct(listed), [device("a", "1")]);
    }
}
