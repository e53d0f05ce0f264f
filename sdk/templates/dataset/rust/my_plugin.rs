//! Noisy sine waves, to be classified by which of four frequencies they have.
use binade::{Dataset, Description, Host, Options, Result, Sample};

struct MyPlugin {
    noise: f64,
}

impl Dataset for MyPlugin {
    fn new(options: &Options, _host: Host) -> Result<Self> {
        Ok(MyPlugin { noise: options.number("noise")? })
    }

    fn describe(&self) -> Description {
        let description = Description::new().split("train", 4000);
        let description = description.field::<f32>("features", &[64]).field::<i64>("label", &[]);
        let description = description.fact("features", 64).fact("classes", 4);
        description.text_fact("loss", "cross_entropy").text_fact("target", "label").independent()
    }

    // Called by several threads at once. The same sample must always have the same bytes.
    fn read(&self, sample: &mut Sample) -> Result<()> {
        let label = sample.index() % 4;
        let mut state = sample.index().wrapping_mul(1_000_003);
        let phase = uniform(&mut state);
        for (i, value) in sample.field::<f32>(0)?.iter_mut().enumerate() {
            let turns = (label + 1) as f64 * i as f64 / 64.0 + phase;
            *value = ((6.2832 * turns).sin() + self.noise * (uniform(&mut state) - 0.5)) as f32;
        }
        sample.field::<i64>(1)?[0] = label as i64;
        Ok(())
    }
}

// SplitMix64, uniform in [0, 1): a sample depends on its index alone.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E3779B97F4A7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

binade::dataset!(MyPlugin, "my_plugin.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use binade::Value;

    fn read(noise: f64, index: u64) -> (Vec<f32>, Vec<i64>) {
        let options = Options::given(&[("noise", Value::Number(noise))]);
        let dataset = MyPlugin::new(&options, Host::silent()).unwrap();
        Sample::read_pair(&dataset, index, 64, 1).unwrap()
    }

    #[test]
    fn a_sample_is_a_wave_and_its_class() {
        let (wave, label) = read(0.0, 7);
        assert_eq!(label, [3]);
        assert!(wave.iter().all(|value| value.abs() <= 1.0));
    }

    #[test]
    fn a_sample_is_the_same_each_time_and_noise_changes_it() {
        assert_eq!(read(0.0, 7), read(0.0, 7));
        assert_ne!(read(0.0, 7), read(0.5, 7));
    }
}
