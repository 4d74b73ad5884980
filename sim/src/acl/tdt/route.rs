//! Routes: what is in one queue goes to others.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::queue::{QUEUES, Queues};
use super::{give_param, not_null, take_param};
use crate::acl::context::current;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

static ROUTES: Registry<Route> = Registry::new(Kind::QueueRoute);
static LISTS: Registry<Vec<Route>> = Registry::new(Kind::QueueRouteList);
static SEARCHES: Registry<Search> = Registry::new(Kind::QueueRouteSearch);

#[derive(Clone, Copy)]
struct Route {
    src: u32,
    dst: u32,
    status: i32,
}

/// What is searched for, as far as it was set.
#[derive(Clone, Copy, Default)]
struct Search {
    mode: Option<acltdtQueueRouteQueryMode>,
    src: Option<u32>,
    dst: Option<u32>,
}

fn find<T: Clone>(registry: &Registry<T>, param: &str, handle: usize) -> Outcome<T> {
    not_null(param, handle as *const c_void)?;
    match registry.get(handle) {
        Some(found) => Ok(found),
        None => reject!(ACL_ERROR_INVALID_PARAM, "{param} is not live: destroyed already, or never created"),
    }
}

pub(crate) fn acltdtCreateQueueRoute(src_id: u32, dst_id: u32) -> Outcome<*mut acltdtQueueRoute> {
    let route = Route { src: src_id, dst: dst_id, status: ACL_TDT_QUEUE_ROUTE_UNBIND };
    Ok(ROUTES.insert(route) as *mut acltdtQueueRoute)
}

pub(crate) fn acltdtDestroyQueueRoute(route: *const acltdtQueueRoute) -> Outcome {
    find(&ROUTES, "route", route as usize)?;
    ROUTES.remove(route as usize);
    Ok(())
}

pub(crate) fn acltdtGetQueueRouteParam(
    route: *const acltdtQueueRoute,
    kind: acltdtQueueRouteParamType,
    len: usize,
    param_ret_size: *mut usize,
    param: *mut c_void,
) -> Outcome {
    let route = find(&ROUTES, "route", route as usize)?;
    not_null("param", param)?;
    not_null("paramRetSize", param_ret_size)?;
    let bytes = match kind {
        ACL_TDT_QUEUE_ROUTE_SRC_UINT32 => route.src.to_ne_bytes(),
        ACL_TDT_QUEUE_ROUTE_DST_UINT32 => route.dst.to_ne_bytes(),
        ACL_TDT_QUEUE_ROUTE_STATUS_INT32 => route.status.to_ne_bytes(),
        _ => reject!(ACL_ERROR_INVALID_PARAM, "type is {}, which is no parameter of a route", kind.0),
    };
    give_param(&bytes, len, param_ret_size, param)
}

pub(crate) fn acltdtCreateQueueRouteList() -> Outcome<*mut acltdtQueueRouteList> {
    Ok(LISTS.insert(Vec::new()) as *mut acltdtQueueRouteList)
}

pub(crate) fn acltdtDestroyQueueRouteList(route_list: *const acltdtQueueRouteList) -> Outcome {
    find(&LISTS, "routeList", route_list as usize)?;
    LISTS.remove(route_list as usize);
    Ok(())
}

pub(crate) fn acltdtAddQueueRoute(route_list: *mut acltdtQueueRouteList, route: *const acltdtQueueRoute) -> Outcome {
    let mut routes = find(&LISTS, "routeList", route_list as usize)?;
    routes.push(find(&ROUTES, "route", route as usize)?);
    LISTS.replace(route_list as usize, routes);
    Ok(())
}

pub(crate) fn acltdtGetQueueRoute(
    route_list: *const acltdtQueueRouteList,
    index: usize,
    route: *mut acltdtQueueRoute,
) -> Outcome {
    let routes = find(&LISTS, "routeList", route_list as usize)?;
    find(&ROUTES, "route", route as usize)?;
    let Some(found) = routes.get(index) else {
        reject!(ACL_ERROR_INVALID_PARAM, "index is {index}, routeList has {} routes", routes.len())
    };
    ROUTES.replace(route as usize, *found);
    Ok(())
}

pub(crate) fn acltdtGetQueueRouteNum(route_list: *const acltdtQueueRouteList) -> Outcome<usize> {
    Ok(find(&LISTS, "routeList", route_list as usize)?.len())
}

/// Whether data that leaves `from` comes to `to`.
fn reaches(routes: &[(u32, u32)], from: u32, to: u32) -> bool {
    from == to || routes.iter().any(|(src, dst)| *src == from && reaches(routes, *dst, to))
}

fn bind(queues: &mut Queues, Route { src, dst, .. }: &Route) -> Outcome {
    for qid in [src, dst] {
        check!(queues.has(*qid), ACL_ERROR_FAILURE, "{qid} is no live queue");
    }
    check!(!queues.routes.contains(&(*src, *dst)), ACL_ERROR_FAILURE, "queue {src} has a route to queue {dst} already");
    check!(
        !reaches(&queues.routes, *dst, *src),
        ACL_ERROR_FAILURE,
        "a route from queue {src} to queue {dst} would close a circle"
    );
    queues.routes.push((*src, *dst));
    Ok(())
}

fn unbind(queues: &mut Queues, Route { src, dst, .. }: &Route) -> Outcome {
    let before = queues.routes.len();
    queues.routes.retain(|route| *route != (*src, *dst));
    check!(queues.routes.len() < before, ACL_ERROR_FAILURE, "queue {src} has no route to queue {dst}");
    Ok(())
}

/// Does all that can be done, and tells each route's status in the list; the first refusal is the call's.
fn change(
    list: *mut acltdtQueueRouteList,
    what: fn(&mut Queues, &Route) -> Outcome,
    done: i32,
    refused: fn(&Route) -> i32,
) -> Outcome {
    let mut routes = find(&LISTS, "qRouteList", list as usize)?;
    current()?;
    let mut outcome = Ok(());
    {
        let mut queues = QUEUES.lock();
        for route in &mut routes {
            let each = what(&mut queues, route);
            route.status = if each.is_ok() { done } else { refused(route) };
            outcome = outcome.and(each);
        }
        queues.carry();
    }
    QUEUES.tell();
    LISTS.replace(list as usize, routes);
    outcome
}

pub(crate) fn acltdtBindQueueRoutes(q_route_list: *mut acltdtQueueRouteList) -> Outcome {
    change(q_route_list, bind, ACL_TDT_QUEUE_ROUTE_BIND, |_| ACL_TDT_QUEUE_ROUTE_BIND_ABNORMAL)
}

pub(crate) fn acltdtUnbindQueueRoutes(q_route_list: *mut acltdtQueueRouteList) -> Outcome {
    change(q_route_list, unbind, ACL_TDT_QUEUE_ROUTE_UNBIND, |route| route.status)
}

pub(crate) fn acltdtCreateQueueRouteQueryInfo() -> Outcome<*mut acltdtQueueRouteQueryInfo> {
    Ok(SEARCHES.insert(Search::default()) as *mut acltdtQueueRouteQueryInfo)
}

pub(crate) fn acltdtDestroyQueueRouteQueryInfo(info: *const acltdtQueueRouteQueryInfo) -> Outcome {
    find(&SEARCHES, "info", info as usize)?;
    SEARCHES.remove(info as usize);
    Ok(())
}

pub(crate) fn acltdtSetQueueRouteQueryInfo(
    param: *mut acltdtQueueRouteQueryInfo,
    kind: acltdtQueueRouteQueryInfoParamType,
    len: usize,
    value: *const c_void,
) -> Outcome {
    let mut search = find(&SEARCHES, "param", param as usize)?;
    not_null("value", value)?;
    match kind {
        ACL_TDT_QUEUE_ROUTE_QUERY_MODE_ENUM => {
            search.mode = Some(acltdtQueueRouteQueryMode(i32::from_ne_bytes(take_param(len, value)?)));
        }
        ACL_TDT_QUEUE_ROUTE_QUERY_SRC_ID_UINT32 => search.src = Some(u32::from_ne_bytes(take_param(len, value)?)),
        ACL_TDT_QUEUE_ROUTE_QUERY_DST_ID_UINT32 => search.dst = Some(u32::from_ne_bytes(take_param(len, value)?)),
        _ => reject!(ACL_ERROR_INVALID_PARAM, "type is {}, which is no parameter of a search for routes", kind.0),
    }
    SEARCHES.replace(param as usize, search);
    Ok(())
}

/// What the mode asks for must have been set.
fn given(queue: Option<u32>, what: &str) -> Outcome<Option<u32>> {
    check!(queue.is_some(), ACL_ERROR_INVALID_PARAM, "queryInfo has no {what} queue, which its mode needs");
    Ok(queue)
}

/// Routes here are in order, or are not there: none is abnormal.
pub(crate) fn acltdtQueryQueueRoutes(
    query_info: *const acltdtQueueRouteQueryInfo,
    q_route_list: *mut acltdtQueueRouteList,
) -> Outcome {
    find(&LISTS, "qRouteList", q_route_list as usize)?;
    let search = find(&SEARCHES, "queryInfo", query_info as usize)?;
    LISTS.replace(q_route_list as usize, Vec::new());
    let (src, dst) = match search.mode {
        None => reject!(ACL_ERROR_INVALID_PARAM, "queryInfo has no mode (ACL_TDT_QUEUE_ROUTE_QUERY_MODE_ENUM)"),
        Some(ACL_TDT_QUEUE_ROUTE_QUERY_SRC) => (given(search.src, "source")?, None),
        Some(ACL_TDT_QUEUE_ROUTE_QUERY_DST) => (None, given(search.dst, "destination")?),
        Some(ACL_TDT_QUEUE_ROUTE_QUERY_SRC_AND_DST) => (given(search.src, "source")?, given(search.dst, "destination")?),
        Some(ACL_TDT_QUEUE_ROUTE_QUERY_ABNORMAL) => return current().map(drop),
        Some(mode) => reject!(ACL_ERROR_INVALID_PARAM, "the mode of queryInfo is {}, which is none", mode.0),
    };
    current()?;
    let fits = |(from, to): &&(u32, u32)| src.is_none_or(|src| src == *from) && dst.is_none_or(|dst| dst == *to);
    let route = |(src, dst): &(u32, u32)| Route { src: *src, dst: *dst, status: ACL_TDT_QUEUE_ROUTE_BIND };
    let found = QUEUES.lock().routes.iter().filter(fits).map(route).collect();
    LISTS.replace(q_route_list as usize, found);
    Ok(())
}
