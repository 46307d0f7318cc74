//! What waits for its turn.

/// A short queue. It is a vector, whose code is in the wasm anyway, and not a ring, whose code would come on top: what
/// waits here is a handful of things that are taken out at once.
#[derive(Debug)]
pub(crate) struct Queue<T>(Vec<T>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Queue<T> {
    /// Puts it last.
    pub(crate) fn push(&mut self, item: T) {
        self.0.push(item);
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes the first out.
    pub(crate) fn pop(&mut self) -> Option<T> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::Queue;

    #[test]
    fn what_came_first_goes_first() {
        let mut queue = Queue::default();
        queue.push(1);
        queue.push(2);
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some(1), Some(2), None]);
    }
}
