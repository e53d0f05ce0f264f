//! Writes the loss of every Nth step to a file in the run's folder.
use binade::abi::{Resumed, RunStart, Step};
use binade::{Host, Logger, Options, Result};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

struct MyPlugin {
    name: String,
    path: PathBuf,
    file: Option<BufWriter<File>>, // None before run_start
    every: u64,
}

impl Logger for MyPlugin {
    fn new(options: &Options, _host: Host) -> Result<Self> {
        let every = options.integer("every")? as u64;
        Ok(MyPlugin { name: options.string("file")?, path: PathBuf::new(), file: None, every })
    }

    fn run_start(&mut self, start: &RunStart) -> Result<()> {
        self.path = PathBuf::from(unsafe { start.directory.to_string() }).join(&self.name);
        let file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        self.file = Some(BufWriter::new(file));
        Ok(())
    }

    // A process that was killed may have written steps after its checkpoint, and an incomplete line.
    fn resumed(&mut self, resumed: &Resumed) -> Result<()> {
        let text = std::fs::read_to_string(&self.path)?;
        let step_of = |line: &str| line.split(' ').next()?.parse::<u64>().ok();
        let belongs = |line: &&str| line.ends_with('\n') && step_of(line).is_some_and(|step| step <= resumed.step);
        let kept: usize = text.split_inclusive('\n').take_while(belongs).map(str::len).sum();
        if let Some(file) = &self.file {
            file.get_ref().set_len(kept as u64)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        if let (Some(file), 0) = (&mut self.file, step.step % self.every) {
            writeln!(file, "{} {}", step.step, step.loss)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        Ok(())
    }
}

binade::logger!(MyPlugin, "my_plugin.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use binade::abi::Text;
    use binade::Value;

    // Logs a new run if `checkpoint` is 0, else a resumed one.
    fn tell_steps(folder: &str, first: u64, last: u64, checkpoint: u64) {
        let options = Options::given(&[("file", Value::String("losses.txt".into())), ("every", Value::Integer(2))]);
        let mut logger = MyPlugin::new(&options, Host::silent()).unwrap();
        let mut start: RunStart = unsafe { std::mem::zeroed() };
        start.directory = Text { data: folder.as_ptr(), size: folder.len() as u64 };
        logger.run_start(&start).unwrap();
        if checkpoint != 0 {
            let mut resumed: Resumed = unsafe { std::mem::zeroed() };
            resumed.step = checkpoint;
            logger.resumed(&resumed).unwrap();
        }
        let mut step: Step = unsafe { std::mem::zeroed() };
        for number in first..=last {
            step.step = number;
            step.loss = 0.5;
            logger.step(&step).unwrap();
        }
        logger.flush().unwrap();
    }

    #[test]
    fn every_second_step_has_exactly_one_line() {
        let folder = std::env::temp_dir().join(format!("my_plugin-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let name = folder.to_str().unwrap();
        tell_steps(name, 1, 4, 0);
        let file = folder.join("losses.txt");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "2 0.5\n4 0.5\n");

        let killed = std::fs::read_to_string(&file).unwrap() + "6 0.";
        std::fs::write(&file, killed).unwrap();
        tell_steps(name, 3, 6, 2);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "2 0.5\n4 0.5\n6 0.5\n");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
