// cv::resize with INTER_AREA from 8-bit pictures of three channels, faster and with the same bits.
#ifndef ACTIONTORCH_AREA_RESIZE_H_
#define ACTIONTORCH_AREA_RESIZE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace action {

// Each output pixel is the mean of the area that it covers. OpenCV adds float products in a fixed order, first along
// the row, then down; so does this, in vectors of one pixel and for several rows at once, which OpenCV does not.
class AreaResize {
 public:
  // Sizes in pixels. Only for what OpenCV computes in this way: see Covers.
  AreaResize(int width, int height, int out_width, int out_height);

  // False where OpenCV takes other ways: when neither side's ratio has a fraction, and when a side grows.
  static bool Covers(int width, int height, int out_width, int out_height);

  // from: rows of `stride` bytes, with a byte of room behind the last pixel. to: [out_height, out_width, 3], its first
  // and third channel exchanged.
  void Run(const uint8_t *from, ptrdiff_t stride, uint8_t *to);

 private:
  // One input pixel's share in an output pixel; of one dimension.
  struct Share {
    int in;
    float weight;
  };
  // Of each output pixel its shares: those from ends[i - 1] to ends[i].
  struct Line {
    std::vector<Share> shares;
    std::vector<int> ends;
  };
  static Line SharesOf(int size, int out_size);
  template <int kRows>
  void AddRows(const uint8_t *from, ptrdiff_t stride, const Share *rows, bool first);

  Line across_;
  Line down_;
  std::vector<float> sums_;  // of an output row, four floats a pixel
};

}  // namespace action

#endif  // ACTIONTORCH_AREA_RESIZE_H_
