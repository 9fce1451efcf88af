//! The numbers of a control sequence: parameters apart by `;`, their sub-parameters by `:`.

/// Most parameters of one sequence, and most sub-parameters of all of them; more are left out.
const MAX: usize = 32;

/// What a sequence says in numbers. A parameter left out is 0, a sub-parameter left out −1.
#[derive(Debug, Clone)]
pub(crate) struct Params {
    values: [i32; MAX],
    len: usize,
    subs: [i32; MAX],
    subs_len: usize,
    /// Where the sub-parameters of each parameter start and end.
    sub_ranges: [(u8, u8); MAX],
    reject_digits: bool,
    reject_sub_digits: bool,
    digit_is_sub: bool,
}

impl Default for Params {
    fn default() -> Self {
        let mut params = Self {
            values: [0; MAX],
            len: 0,
            subs: [0; MAX],
            subs_len: 0,
            sub_ranges: [(0, 0); MAX],
            reject_digits: false,
            reject_sub_digits: false,
            digit_is_sub: false,
        };
        params.clear();
        params
    }
}

impl Params {
    /// One parameter, left out.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.subs_len = 0;
        self.reject_digits = false;
        self.reject_sub_digits = false;
        self.digit_is_sub = false;
        self.next();
    }

    /// `;`
    pub(crate) fn next(&mut self) {
        self.digit_is_sub = false;
        if self.len == MAX {
            self.reject_digits = true;
            return;
        }
        let at = self.subs_len as u8;
        self.sub_ranges[self.len] = (at, at);
        self.values[self.len] = 0;
        self.len += 1;
    }

    /// `:`
    pub(crate) fn next_sub(&mut self) {
        self.digit_is_sub = true;
        if self.reject_digits || self.subs_len == MAX {
            self.reject_sub_digits = true;
            return;
        }
        self.subs[self.subs_len] = -1;
        self.subs_len += 1;
        self.sub_ranges[self.len - 1].1 += 1;
    }

    /// One more digit of the last number.
    pub(crate) fn digit(&mut self, digit: u8) {
        if self.reject_digits || (self.digit_is_sub && self.reject_sub_digits) {
            return;
        }
        let value = if self.digit_is_sub {
            if self.subs_len == 0 {
                return;
            }
            &mut self.subs[self.subs_len - 1]
        } else {
            &mut self.values[self.len - 1]
        };
        *value = (*value)
            .max(0)
            .saturating_mul(10)
            .saturating_add(digit.into());
    }

    /// How many there are; at least 1.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The parameter at `at`; 0 beyond the last.
    pub(crate) fn get(&self, at: usize) -> i32 {
        if at < self.len { self.values[at] } else { 0 }
    }

    /// All parameters.
    pub(crate) fn all(&self) -> &[i32] {
        &self.values[..self.len]
    }

    /// The sub-parameters of the one at `at`.
    pub(crate) fn subs(&self, at: usize) -> &[i32] {
        if at >= self.len {
            return &[];
        }
        let (start, end) = self.sub_ranges[at];
        &self.subs[start.into()..end.into()]
    }

    /// The parameter at `at` as a count: 1 when left out or 0.
    pub(crate) fn count(&self, at: usize) -> usize {
        usize::try_from(self.get(at)).unwrap_or(0).max(1)
    }
}
