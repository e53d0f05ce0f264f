// Reading a regular file as a stream.
#include "host/base/file_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace binade::host {
namespace {

TEST(FileStream, ReadsLinesAcrossItsBlocks) {
  std::string path = "/tmp/binade-stream-XXXXXX";
  ::close(::mkstemp(path.data()));
  std::string written;
  for (int i = 0; i < 30000; ++i) written += "line " + std::to_string(i) + "\n";
  std::ofstream(path) << written << "and a last one without an end";
  FileStream file(path);
  std::string read, last;
  for (std::string line; std::getline(file, line);) {
    if (file.eof())
      last = line;
    else
      read += line + "\n";
  }
  EXPECT_EQ(read, written);
  EXPECT_EQ(last, "and a last one without an end");
  std::ofstream(path, std::ios::trunc);
  std::string nothing;
  EXPECT_FALSE(FileStream(path) >> nothing);
  std::filesystem::remove(path);
}

TEST(FileStream, OfWhatIsNotAFileSaysWhat) {
  try {
    FileStream("/dev/zero");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot read /dev/zero: it is a device, not a file");
  }
}

}  // namespace
}  // namespace binade::host
