// Folders of pictures with a sub-folder for each class.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/netpbm.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Labels = std::vector<std::int64_t>;

class ImageFolders : public testing::Test {
 protected:
  // Copies a picture there.
  void put(const std::string& name, const std::string& picture = "rgb.png") const {
    fs::create_directories((folder_ / name).parent_path());
    fs::copy_file(pictures() / picture, folder_ / name);
  }
  GivenOptions options(GivenOptions more = {}) const {
    more.insert({{"path", text(folder_.path())}});
    return more;
  }
  std::string refused() const { return refusal("images", options(), BINADE_BAD_DATA); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  static Labels labels(const OpenedDataset& data, const std::string& split, std::vector<std::uint64_t> indices) {
    return data.read_from<std::int64_t>(split, 1, indices);
  }

  TemporaryFolder folder_;
};

TEST_F(ImageFolders, AreClassesInSortedOrder) {
  put("rose/2.png", "gray.png");
  put("rose/1.JPG", "rgb.jpg");
  put("daisy/deep/er/1.webp", "lossless.webp");
  put("Tulip/x.jpeg", "gray.jpg");
  put("daisy/.hidden.png");
  put(".hidden/1.png");
  const OpenedDataset data("images", options());
  EXPECT_EQ(data.size(), 4u);
  EXPECT_EQ(labels(data, "train", {0, 1, 2, 3}), (Labels{0, 1, 2, 2})) << "capital letters are before small ones";
  EXPECT_EQ(data.log(), "info: 4 images, 3 x 17 x 23, 3 classes: 0 = Tulip, 1 = daisy, 2 = rose\n");
  EXPECT_EQ(std::get<std::int64_t>(data.fact("classes")), 3);
  const auto gray = data.read_from<float>("train", 0, {3});
  EXPECT_EQ(gray[5], gray[5 + 17 * 23]) << "the second one of rose is gray";
}

TEST_F(ImageFolders, MayHoldSplits) {
  for (const char* name : {"train/a/1.png", "train/b/1.png", "train/b/2.png", "val/b/3.png", "test/a/4.png"}) put(name);
  const OpenedDataset data("images", options());
  EXPECT_EQ(data.dataset().split("train").size, 3u);
  EXPECT_EQ(labels(data, "validation", {0}), (Labels{1})) << "as numbered in train/";
  EXPECT_EQ(labels(data, "test", {0}), (Labels{0}));
  EXPECT_THAT(data.log(), HasSubstr("3 images, and 1 to validate, and 1 to test, 3 x 17 x 23, 2 classes"));

  put("more/a/1.png");
  EXPECT_THAT(OpenedDataset("images", options()).log(),
              HasSubstr("warning: " + file("more") + ": ignored, because there is a folder train/ beside it"));
  put("validation/a/1.png");
  EXPECT_THAT(refused(), HasSubstr("there are both val/ and validation/"));
  fs::remove_all(folder_ / "validation");
  put("test/c/1.png");
  EXPECT_THAT(refused(), HasSubstr(file("test/c") + ": there is no class of this name in train/"));
  fs::remove_all(folder_ / "train");
  EXPECT_THAT(refused(), HasSubstr(folder_.path().string() + ": there is val/ but no train/"));
}

TEST_F(ImageFolders, MustNotShareAPictureBetweenSplits) {
  for (const char* name : {"train/a/1.png", "train/b/1.png", "val/b/3.png"}) put(name);
  fs::create_symlink(folder_ / "train/a/1.png", folder_ / "val/b/same.png");
  EXPECT_THAT(refused(), HasSubstr(file("val/b/same.png") + ": this picture of validation is also in train"));
}

TEST_F(ImageFolders, SayWhatTheyLeaveOut) {
  put("a/1.png");
  put("b/1.png");
  put("loose.png");
  folder_.write("a/notes.txt", "x");
  fs::create_directory_symlink(folder_ / "a", folder_ / "a/loop");
  EXPECT_THAT(OpenedDataset("images", options()).log(),
              AllOf(HasSubstr("warning: ignored pictures that are in no class's folder: " + file("loose.png") + "\n"),
                    HasSubstr("warning: ignored files that are not named as pictures: " + file("a/notes.txt") + "\n"),
                    HasSubstr("warning: skipped links to a folder above them: " + file("a/loop") + "\n"),
                    HasSubstr("info: 2 images")));
  // All classes would get the label of this one.
  fs::create_directory_symlink(folder_.path(), folder_ / "b/top");
  EXPECT_THAT(
      OpenedDataset("images", options()).log(),
      AllOf(HasSubstr("links to a folder above them: " + file("a/loop") + " and 1 more"), HasSubstr("2 images")));
}

TEST_F(ImageFolders, MayBeLinks) {
  TemporaryFolder elsewhere;
  fs::copy_file(pictures() / "rgb.png", elsewhere / "1.png");
  put("b/1.png");
  fs::create_directory_symlink(elsewhere.path(), folder_ / "a");
  EXPECT_THAT(OpenedDataset("images", options()).log(), HasSubstr("2 images, 3 x 17 x 23, 2 classes: 0 = a, 1 = b"));
}

TEST_F(ImageFolders, MustNotBeBrokenLinks) {
  put("b/1.png");
  fs::create_directory_symlink("nowhere", folder_ / "a");
  EXPECT_THAT(refused(), HasSubstr(file("a") + ": this link is broken, and may have been a class"));
}

TEST_F(ImageFolders, MayHaveNamesOfPictures) {
  put("a/x.png/1.png");
  put("b/1.png");
  EXPECT_EQ(OpenedDataset("images", options()).size(), 2u);
}

TEST_F(ImageFolders, SayWhatIsMissing) {
  EXPECT_THAT(refused(), HasSubstr(folder_.path().string() + ": there are no sub-folders; one for each class was"));
  fs::create_directory(folder_ / "a");
  EXPECT_THAT(refused(), HasSubstr(file("a") + ": this class has no pictures: add some, or remove the folder"));
  put("a/1.png");
  fs::create_symlink("nowhere.png", folder_ / "a/broken.png");
  EXPECT_THAT(refused(), HasSubstr(file("a/broken.png") + ": this link is broken; or set on_bad_file = \"skip\""));
  fs::remove(folder_ / "a/broken.png");
  fs::create_symlink("broken.png", folder_ / "a/broken.png");
  EXPECT_THAT(refused(), HasSubstr(file("a/broken.png") + ": cannot be read: Too many levels of symbolic links"));
  fs::remove(folder_ / "a/broken.png");
  folder_.write("a/2.gif", "GIF89a");
  EXPECT_THAT(refused(), HasSubstr(file("a/2.gif") + ": JPEG, PNG and WebP are read: convert or remove it"));
  EXPECT_THAT(refusal("images", {{"path", text(file("nowhere"))}}, BINADE_NOT_FOUND), HasSubstr("no such folder"));
  EXPECT_THAT(refusal("images", {{"path", text(file("a/1.png"))}}, BINADE_BAD_DATA), HasSubstr("this is a file; a"));
  EXPECT_THAT(refusal("images", {}, BINADE_INVALID_ARGUMENT), HasSubstr("no images are named: set `path` to a folder"));
}

TEST_F(ImageFolders, AreStratifiedByClass) {
  for (int i = 0; i < 15; ++i) put("a/" + std::to_string(i) + ".png");
  for (int i = 0; i < 5; ++i) put("b/" + std::to_string(i) + ".png");
  const OpenedPlugin plugin("images");
  SplitSettings settings;
  settings.stratify = "";
  const Dataset data(plugin.plugin(), plugin.options(options()), settings);
  const auto& validation = data.split("validation");
  ASSERT_EQ(validation.size, 4u);
  EXPECT_EQ(std::count_if(validation.indices.begin(), validation.indices.end(), [](auto i) { return i < 15; }), 3);
}

TEST_F(ImageFolders, NormalizeByTheTrainingPicturesAlone) {
  for (int i = 0; i < 5; ++i) put("a/" + std::to_string(i) + ".png");
  for (int i = 0; i < 5; ++i) put("b/" + std::to_string(i) + ".png", "gray.png");
  const auto normalized = options({{"normalize", {Scalar(true)}}});
  const OpenedDataset before("images", normalized);
  const auto& held_back = before.dataset().split("validation");
  for (std::uint64_t position = 0; position < held_back.size; ++position) {
    const auto index = held_back.index(position);
    const auto name = (index < 5 ? "a/" : "b/") + std::to_string(index % 5) + ".png";
    fs::remove(folder_ / name);
    put(name, "one_bit.png");
  }
  const OpenedDataset after("images", normalized);
  const auto& train = after.dataset().split("train");
  for (std::uint64_t position = 0; position < train.size; ++position) {
    EXPECT_EQ(before.read<float>(0, {train.index(position)}), after.read<float>(0, {train.index(position)}));
  }
  EXPECT_THAT(after.log(), HasSubstr("mean and std of the training samples: "));
}

}  // namespace
}  // namespace binade::host
