use std::fmt;

use super::Direction;

/// One `a=` line.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name, as written.
    pub name: String,
    /// What follows the colon; `None` for a property such as `a=rtcp-mux`.
    pub value: Option<String>,
}

impl Attribute {
    /// A property attribute, such as `a=rtcp-mux`.
    pub fn flag(name: impl Into<String>) -> Self {
        Self { name: name.into(), value: None }
    }

    /// A value attribute, such as `a=ptime:20`.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }

    /// What stands after `a=`.
    pub fn line(line: &str) -> Self {
        match line.split_once(':') {
            Some((name, value)) => Self::new(name, value),
            None => Self::flag(line),
        }
    }

    /// Whether this is the attribute called `name`. RFC 8866 has names case-sensitive; peers do not.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values hold SRTP keys (a=crypto), ICE passwords and addresses.
        match self.value {
            Some(_) => write!(f, "a={}:<redacted>", self.name),
            None => write!(f, "a={}", self.name),
        }
    }
}

/// The attributes of one section in their order, with typed access.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Attributes(Vec<Attribute>);

impl Attributes {
    /// All attributes in order.
    pub fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends one.
    pub fn push(&mut self, attribute: Attribute) {
        self.0.push(attribute);
    }

    /// Removes every attribute called `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|attribute| !attribute.is(name));
    }

    /// Whether an attribute called `name` is present, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|attribute| attribute.is(name))
    }

    /// The value of the first attribute called `name` that has one.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// The values of all attributes called `name`, in order.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |attribute| attribute.is(name)).filter_map(|attribute| attribute.value.as_deref())
    }

    /// Identification of the section (RFC 5888).
    pub fn mid(&self) -> Option<&str> {
        self.value("mid").map(str::trim)
    }

    /// The direction stated here, if any; the last one counts, as the most specific.
    pub fn direction(&self) -> Option<Direction> {
        self.0
            .iter()
            .rev()
            .filter(|attribute| attribute.value.is_none())
            .find_map(|attribute| Direction::from_name(&attribute.name))
    }

    /// Replaces any direction by this one.
    pub fn set_direction(&mut self, direction: Direction) {
        self.0.retain(|attribute| Direction::from_name(&attribute.name).is_none());
        self.push(Attribute::flag(direction.as_str()));
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        Self(attributes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_every_value() {
        let attributes: Attributes =
            [Attribute::new("crypto", "1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0"), Attribute::flag("rtcp-mux")]
                .into_iter()
                .collect();
        let shown = format!("{attributes:?}");
        assert_eq!(shown, "[a=crypto:<redacted>, a=rtcp-mux]");
    }

    #[test]
    fn setting_a_direction_replaces_the_former_one() {
        let mut attributes: Attributes =
            [Attribute::flag("sendonly"), Attribute::new("ptime", "20")].into_iter().collect();
        attributes.set_direction(Direction::Inactive);
        assert_eq!(attributes.direction(), Some(Direction::Inactive));
        assert!(!attributes.has("sendonly"));
        assert_eq!(attributes.value("ptime"), Some("20"));
    }

    #[test]
    fn the_first_value_and_all_values_are_found_by_name_in_any_case() {
        let attributes: Attributes =
            [Attribute::new("candidate", "one"), Attribute::new("Candidate", "two")].into_iter().collect();
        assert_eq!(attributes.value("candidate"), Some("one"));
        let all: Vec<_> = attributes.values("candidate").collect();
        assert_eq!(all, ["one", "two"]);
    }
}
