// Visibility: libaction and libactiontorch are built with hidden symbols; what their users may call is marked.
#ifndef ACTION_EXPORT_H_
#define ACTION_EXPORT_H_

#define ACTION_API __attribute__((visibility("default")))

#endif  // ACTION_EXPORT_H_
