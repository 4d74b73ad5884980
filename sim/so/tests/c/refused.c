/* Reads names of operators, a line each, and asks the library `argv[1]` for both phases of each. With "there", each must refuse by
 * name, whatever it is called with; with "absent", none may be there. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* More arguments than registers take, of either kind: none of them is read. */
typedef int (*many_t)(void *, double, int64_t, float, void *, void *, void *, void *, int64_t, double, double, double, double, double,
                      double, double, double, uint64_t *, void **);
typedef int (*run_t)(void *, uint64_t, void *, void *);
typedef const char *(*text_t)(void);

static int refuses(text_t text, int status, const char *function, const char *operator) {
    const char *said = text();
    if (status == 200006 && said && strstr(said, function) && strstr(said, operator) && strstr(said, "not supported by the simulator"))
        return 1;
    printf("%s: %d, %s\n", function, status, said ? said : "no text");
    return 0;
}

/* ISO C has no conversion from an object's address to a function's. */
static void *find(void *library, const char *name, void *function) {
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address;
}

int main(int argc, char **argv) {
    void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
    text_t text;
    if (!library || !find(library, "aclGetRecentErrMsg", &text))
        return printf("no library: %s\n", dlerror()), 2;
    int absent = !strcmp(argv[2], "absent"), names = 0, failed = 0;
    char run_name[128], plan_name[160];
    while (scanf("%127s", run_name) == 1) {
        many_t plan;
        run_t run;
        uint64_t size = 7;
        void *executor = NULL;
        snprintf(plan_name, sizeof plan_name, "%sGetWorkspaceSize", run_name);
        void *there[] = {find(library, plan_name, &plan), find(library, run_name, &run)};
        names++;
        if (absent) {
            failed += there[0] || there[1];
            continue;
        }
        if (!there[0] || !there[1]) {
            failed++;
            printf("%s is not exported\n", run_name);
            continue;
        }
        int status = plan(run_name, 1.0, 2, 3.0f, NULL, NULL, NULL, NULL, -1, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, &size, &executor);
        failed += !refuses(text, status, plan_name, run_name);
        failed += !refuses(text, run(NULL, 0, NULL, NULL), run_name, run_name);
    }
    printf("%d names, %d failures\n", names, failed);
    return failed != 0;
}
