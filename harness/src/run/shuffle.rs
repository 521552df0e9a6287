//! An order by chance that a seed gives again.

/// Numbers by chance, the same for the same seed on every machine (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0. That some are likelier than others by one in
    /// billions does not matter to an order of trials.
    fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or_default()
    }
}

/// Shuffles `items`. `of` names what is shuffled, so that one seed gives each runtime and round an
/// order of its own.
pub(super) fn shuffle<T>(items: &mut [T], seed: u32, of: &str) {
    // FNV-1a.
    let name = of.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut numbers = Numbers(Numbers(u64::from(seed)).next() ^ name);
    for last in (1..items.len()).rev() {
        items.swap(last, numbers.below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn shuffled(seed: u32, of: &str) -> Vec<u32> {
        let mut items: Vec<u32> = (0..100).collect();
        shuffle(&mut items, seed, of);
        items
    }

    #[test]
    fn a_seed_gives_its_order_again_and_another_seed_another() {
        assert_eq!(shuffled(7, "a"), shuffled(7, "a"));
        let orders: BTreeSet<Vec<u32>> = (0..50)
            .flat_map(|seed| ["a", "b"].map(|of| shuffled(seed, of)))
            .collect();
        assert_eq!(orders.len(), 100);
    }

    #[test]
    fn nothing_is_lost_and_nothing_stays_where_it_was_for_ever() {
        let mut at_home = vec![0; 100];
        for seed in 0..200 {
            let order = shuffled(seed, "a");
            assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 100);
            for (place, item) in order.into_iter().enumerate() {
                at_home[place] += u32::from(usize::try_from(item) == Ok(place));
            }
        }
        // By chance 2 of 200.
        assert!(at_home.iter().all(|times| *times < 15), "{at_home:?}");
    }

    /// Orders that are in results already must come again with their seed.
    #[test]
    fn the_order_of_a_seed_is_for_ever() {
        assert_eq!(
            shuffled(1, "docker@1 2")[..8],
            [14, 99, 69, 77, 17, 44, 91, 60]
        );
    }

    #[test]
    fn few_items_are_shuffled_as_well() {
        shuffle::<u8>(&mut [], 1, "a");
        let mut one = [1];
        shuffle(&mut one, 1, "a");
        assert_eq!(one, [1]);
    }
}
