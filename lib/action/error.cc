#include "action/error.h"

namespace action {

// Out of line, so that the type's identity lives in this library alone and a throw in one library is caught in another.
Error::~Error() = default;

}  // namespace action
